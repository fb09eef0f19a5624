from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.errors import Loc, SpecError
from netlib.spec.nodes import NodeSyntax, check_name, is_type, parse_node

LOC = ("model", 3)


def found(value: Any) -> list[tuple[Loc, str, str]]:
    with pytest.raises(SpecError) as caught:
        parse_node(value, LOC)
    return [(problem.loc, problem.message, problem.at) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("value", "node"),
    [
        ("Flatten", NodeSyntax(LOC, "Flatten", None)),
        ({"Flatten": None}, NodeSyntax(LOC, "Flatten", None)),
        ({"Dense": 10}, NodeSyntax(LOC, "Dense", 10)),
        ({"Dense": {"units": 10}}, NodeSyntax(LOC, "Dense", {"units": 10})),
        ({"name": "head", "Dense": 10}, NodeSyntax(LOC, "Dense", 10, name="head")),
        ({"Dense": 10, "from": ["a", "b.h"]}, NodeSyntax(LOC, "Dense", 10, source=["a", "b.h"])),
        ({"Dense": 10, "trainable": False}, NodeSyntax(LOC, "Dense", 10, trainable=False)),
        ({"Sequential": []}, NodeSyntax(LOC, "Sequential", [])),
        ("Network", NodeSyntax(LOC, "Network", None)),
    ],
)
def test_the_forms_of_a_node(value: Any, node: NodeSyntax) -> None:
    assert parse_node(value, LOC) == node


@pytest.mark.parametrize(
    ("value", "received"),
    [
        (None, "nothing"),
        (3, "3"),
        (True, "true"),
        ({}, "a mapping"),
        (["Flatten"], "['Flatten']"),
        ("flatten", "'flatten'"),
        ("", "''"),
        ("previous", "'previous'"),
    ],
)
def test_what_is_no_node(value: Any, received: str) -> None:
    assert found(value) == [(LOC, f"expected a node, such as 'Flatten' or 'Dense: 10', got {received}", "value")]


def test_an_unknown_layer() -> None:
    assert found("Flaten") == [(LOC, "there is no layer 'Flaten'; did you mean 'Flatten'?", "value")]
    assert found({"Dens": 3}) == [((*LOC, "Dens"), "there is no layer 'Dens'; did you mean 'Dense'?", "key")]
    assert found({"Sequental": []})[0][1] == "there is no layer 'Sequental'; did you mean 'Sequential'?"
    ((_, message, _),) = found("Zzzzzz")
    assert message.startswith("there is no layer 'Zzzzzz' (known: Dense, Activation, ")
    assert message.endswith(", Sequential, Network)")
    assert found("keras.layers.Flatten")[0][1].startswith("there is no layer 'keras.layers.Flatten'")


def test_two_types_or_none() -> None:
    assert found({"Dense": 3, "Flatten": None}) == [
        (LOC, "a node has one type, got Dense and Flatten; begin a new item of the list with '- Flatten'", "value")
    ]
    assert found({"dense": 3, "name": "a"}) == [
        (
            LOC,
            "expected a type among the node's keys, such as 'Dense', got only dense, name; did you mean 'Dense'?",
            "value",
        )
    ]
    assert found({"name": "a"})[0][1] == "expected a type among the node's keys, such as 'Dense', got only name"


def test_every_mistake_in_the_wiring_is_found() -> None:
    assert found({"Dens": 3, "frm": "a", "zzz": 1, 5: 2, "name": "a b", "trainable": "no"}) == [
        ((*LOC, "frm"), "a node has no key 'frm'; did you mean 'from'?", "key"),
        ((*LOC, "zzz"), "a node has no key 'zzz'; beside its type it may have 'name', 'from' or 'trainable'", "key"),
        ((*LOC, 5), "a node has no key 5; beside its type it may have 'name', 'from' or 'trainable'", "key"),
        (
            (*LOC, "name"),
            "expected a name of letters, digits and '_' that begins with no digit, got 'a b'",
            "value",
        ),
        ((*LOC, "trainable"), "expected true or false, got 'no'", "value"),
        ((*LOC, "Dens"), "there is no layer 'Dens'; did you mean 'Dense'?", "key"),
    ]


@pytest.mark.parametrize("name", ["a", "_a", "A1", "conv_2d", "class"])
def test_good_names(name: str) -> None:
    assert check_name(name, LOC) == []


@pytest.mark.parametrize("name", ["", "1a", "a.b", "a-b", "a b", "ä", "a\n", None, 3, ["a"]])
def test_bad_names(name: Any) -> None:
    (problem,) = check_name(name, LOC)
    assert problem.message.startswith("expected a name of letters, digits and '_' that begins with no digit, got ")


@pytest.mark.parametrize("name", ["input", "previous"])
def test_words_that_have_a_meaning_are_no_names(name: str) -> None:
    (problem,) = check_name(name, LOC, at="key")
    assert problem.message == f"'{name}' has a meaning of its own in `from`; choose another name"
    assert problem.at == "key"


def test_a_type_is_capitalised_in_its_last_part() -> None:
    assert is_type("Dense")
    assert is_type("keras.layers.ConvLSTM2D")
    assert not is_type("from")
    assert not is_type("Keras.layers")
    assert not is_type(3)
    assert not is_type("")
