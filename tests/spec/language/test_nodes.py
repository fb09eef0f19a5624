from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.errors import Loc, SpecError
from netlib.spec.language.nodes import NodeSyntax, check_node_name, is_known, is_type, parse_node
from netlib.spec.names import check_name

LOC = ("model", 3)


def written(kind: str, parameters: Any, wiring: dict[str, Any] | None = None) -> NodeSyntax:
    return NodeSyntax(LOC, kind, parameters, wiring or {}, (*LOC, kind))


def found(value: Any) -> list[tuple[Loc, str, str]]:
    with pytest.raises(SpecError) as caught:
        parse_node(value, LOC)
    return [(problem.loc, problem.message, problem.at) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("value", "node"),
    [
        ("Flatten", written("Flatten", None)),
        ({"Flatten": None}, written("Flatten", None)),
        ({"Dense": 10}, written("Dense", 10)),
        ({"Dense": {"units": 10}}, written("Dense", {"units": 10})),
        ({"name": "head", "Dense": 10}, written("Dense", 10, {"name": "head"})),
        ({"Dense": 10, "from": ["a", "b.h"]}, written("Dense", 10, {"from": ["a", "b.h"]})),
        ({"Dense": 10, "trainable": "$x"}, written("Dense", 10, {"trainable": "$x"})),
        ({"share": "hidden", "repeat": 3}, written("share", "hidden", {"repeat": 3})),
        ({"Sequential": []}, written("Sequential", [])),
        ("Network", written("Network", None)),
        ({"Mine": {"a": 1}}, written("Mine", {"a": 1})),
    ],
)
def test_the_forms_of_a_node(value: Any, node: NodeSyntax) -> None:
    assert parse_node(value, LOC, ["Mine"]) == node


def test_where_a_node_says_what_it_reads() -> None:
    assert parse_node("Flatten", LOC).sources_loc == LOC
    assert parse_node({"Flatten": None, "from": "a"}, LOC).sources_loc == (*LOC, "from")


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
    assert (
        found("Zzzzzz")[0][1]
        == "there is no layer 'Zzzzzz'; `netlab layers` lists what there is, and one of your own is loaded with --plugin FILE"
    )
    assert found("keras.layers.Flaten")[0][1] == "Keras has no layer 'Flaten'; did you mean 'keras.layers.Flatten'?"
    assert found({"my.Layer": 3})[0][1].startswith("there is no layer 'my.Layer'")
    with pytest.raises(SpecError, match="there is no layer 'ConBn'; did you mean 'ConvBN'"):
        parse_node("ConBn", LOC, ["ConvBN"])


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


def test_every_key_that_is_wrong_is_found() -> None:
    keys = "'name', 'from', 'repeat', 'each', 'if', 'trainable', 'dtype', 'shape', 'training' or 'tie'"
    assert found({"Dens": 3, "frm": "a", "zzz": 1, 5: 2, "name": "a b"}) == [
        ((*LOC, "frm"), "a node has no key 'frm'; did you mean 'from'?", "key"),
        ((*LOC, "zzz"), f"a node has no key 'zzz'; beside its type it may have {keys}", "key"),
        ((*LOC, 5), f"a node has no key 5; beside its type it may have {keys}", "key"),
        ((*LOC, "Dens"), "there is no layer 'Dens'; did you mean 'Dense'?", "key"),
    ]
    assert found({"Dense": 3, "activation": "relu"}) == [
        (
            (*LOC, "activation"),
            "'activation' is a parameter of Dense, which stands behind it: Dense: {units: 3, activation: relu}",
            "key",
        )
    ]
    assert found({"Conv2D": {"filters": 3, "use_bias": False}, "kernel_size": [3, 3]})[0][1].endswith(
        "Conv2D: {filters: 3, use_bias: false, kernel_size: ...}"
    )
    assert found({"LSTM": None, "units": 3})[0][1].endswith("LSTM: {units: 3}")
    assert found({"share": "a", "Dense": 3})[0][1].startswith("a node has one type, got share and Dense; begin a new")


@pytest.mark.parametrize("name", ["x", "sum", "relu", "stack"])
def test_a_node_is_not_called_like_a_function_of_expressions(name: str) -> None:
    (problem,) = check_node_name(name, LOC)
    assert problem.message == f"'{name}' has a meaning of its own in expressions; choose another name"
    assert check_name(name, LOC) == []
    assert check_node_name("previous", LOC, "key") == check_name("previous", LOC, "key") != []


def test_what_is_known() -> None:
    assert is_known("Dense")
    assert is_known("While")
    assert is_known("Mine", ["Mine"])
    assert not is_known("Mine")


def test_a_type_is_capitalised_in_its_last_part() -> None:
    assert is_type("Dense")
    assert is_type("keras.layers.ConvLSTM2D")
    assert not is_type("from")
    assert not is_type("Keras.layers")
    assert not is_type(3)
    assert not is_type("")
