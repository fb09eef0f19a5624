from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.errors import Loc, Problem
from netlib.spec.language.edges import Source
from netlib.spec.language.section import check_inputs, declared_inputs, output_sources, parse_section
from netlib.spec.tensors import TensorSpec

LOC = ("model",)


def plain(problems: list[Problem]) -> list[tuple[Loc, str, str]]:
    return [(problem.loc, problem.message, problem.at) for problem in problems]


def test_a_list_is_its_nodes() -> None:
    problems: list[Problem] = []
    section = parse_section(["Flatten"], LOC, problems)
    assert (section.inputs, section.nodes, section.outputs, section.nodes_loc) == (None, ["Flatten"], None, LOC)
    assert not problems


def test_a_mapping_has_three_keys() -> None:
    problems: list[Problem] = []
    section = parse_section({"inputs": {"a": 1}, "nodes": [], "outputs": "a"}, LOC, problems)
    assert (section.inputs, section.nodes, section.outputs) == ({"a": 1}, [], "a")
    assert (section.nodes_loc, section.inputs_loc, section.outputs_loc) == (
        ("model", "nodes"),
        ("model", "inputs"),
        ("model", "outputs"),
    )
    assert not problems


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Flatten", [(LOC, "expected a list of nodes, or a mapping of 'inputs', 'nodes' or 'outputs', got 'Flatten'")]),
        (None, [(LOC, "expected a list of nodes, or a mapping of 'inputs', 'nodes' or 'outputs', got nothing")]),
        ({"nodes": 3}, [(("model", "nodes"), "expected a list of nodes under 'nodes', got 3")]),
        ({}, [(("model", "nodes"), "expected a list of nodes under 'nodes', got nothing")]),
        (
            {"nodes": [], "output": "a"},
            [(("model", "output"), "a network has no key 'output'; did you mean 'outputs'?")],
        ),
        ({"nodes": [], 5: "a"}, [(("model", 5), "a network has no key 5; it has 'inputs', 'nodes' or 'outputs'")]),
    ],
)
def test_wrong_forms(value: Any, expected: list[tuple[Loc, str]]) -> None:
    problems: list[Problem] = []
    section = parse_section(value, LOC, problems)
    assert [(problem.loc, problem.message) for problem in problems] == expected
    assert section.nodes == []


def test_outputs_of_nodes_that_cannot_be_read_are_not_looked_at() -> None:
    assert parse_section({"nodes": 3, "outputs": "a"}, LOC, []).outputs is None


def test_declared_inputs() -> None:
    problems: list[Problem] = []
    value = {"image": {"shape": [32, None, 3]}, "tokens": {"shape": [], "dtype": "int32"}}
    assert declared_inputs(value, {}, LOC, problems) == {
        "image": TensorSpec((None, 32, None, 3)),
        "tokens": TensorSpec((None,), "int32"),
    }
    assert not problems


def test_a_dtype_that_is_not_declared_is_the_datas() -> None:
    given = {"image": TensorSpec((None, 8), "uint8")}
    assert declared_inputs({"image": {"shape": [8]}}, given, LOC, []) == given
    declared = declared_inputs({"image": {"shape": [8], "dtype": "float32"}}, given, LOC, [])
    assert declared == {"image": TensorSpec((None, 8))}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            None,
            [
                (
                    LOC,
                    "expected a mapping from an input's name to its shape, such as {image: {shape: [32, 32, 3]}}, got nothing",
                    "value",
                )
            ],
        ),
        (
            {},
            [
                (
                    LOC,
                    (
                        "expected a mapping from an input's name to its shape, such as {image: {shape: [32, 32, 3]}}, got"
                        " an empty mapping"
                    ),
                    "value",
                )
            ],
        ),
        (
            ["a"],
            [
                (
                    LOC,
                    "expected a mapping from an input's name to its shape, such as {image: {shape: [32, 32, 3]}}, got ['a']",
                    "value",
                )
            ],
        ),
        ({"a": [3]}, [(("model", "a"), "expected an input such as '{shape: [32, 32, 3]}', got [3]", "value")]),
        ({"a": {}}, [(("model", "a"), "expected an input such as '{shape: [32, 32, 3]}', got a mapping", "value")]),
        (
            {"a": {"shape": [3], "type": "int32"}},
            [(("model", "a", "type"), "an input has no key 'type'; did you mean 'dtype'?", "key")],
        ),
        (
            {"a": {"shape": [3], "zzz": 1}},
            [(("model", "a", "zzz"), "an input has no key 'zzz'; it has 'shape' or 'dtype'", "key")],
        ),
        (
            {"a": {"shape": [0]}, "b": {"shape": 3}},
            [
                (
                    ("model", name, "shape"),
                    f"expected a list of positive integers, or null where unknown, got {received}",
                    "value",
                )
                for name, received in (("a", "[0]"), ("b", "3"))
            ],
        ),
        (
            {"a": {"shape": [True], "dtype": "floot32"}},
            [
                (
                    ("model", "a", "shape"),
                    "expected a list of positive integers, or null where unknown, got [True]",
                    "value",
                ),
                (("model", "a", "dtype"), "there is no dtype 'floot32'; did you mean 'float32'?", "value"),
            ],
        ),
        (
            {"input": {"shape": [3]}},
            [(("model", "input"), "'input' has a meaning of its own in `from`; choose another name", "key")],
        ),
        (
            {"a.b": {"shape": [3]}},
            [
                (
                    ("model", "a.b"),
                    "expected a name of letters, digits and '_' that begins with no digit, got 'a.b'",
                    "key",
                )
            ],
        ),
    ],
)
def test_wrong_inputs(value: Any, expected: list[tuple[Loc, str, str]]) -> None:
    problems: list[Problem] = []
    assert declared_inputs(value, {}, LOC, problems) is None
    assert plain(problems) == expected


@pytest.mark.parametrize("dtype", [[1], {}, None, 3, "zzzzzz"])
def test_a_dtype_that_is_none(dtype: Any) -> None:
    problems: list[Problem] = []
    declared_inputs({"a": {"shape": [3], "dtype": dtype}}, {}, LOC, problems)
    ((loc, message, _),) = plain(problems)
    assert loc == ("model", "a", "dtype")
    assert message.startswith("there is no dtype ")
    assert "(known: bool, uint8, int8" in message


def test_declared_inputs_against_the_datas() -> None:
    given = {"image": TensorSpec((None, 8, 8, 1)), "tokens": TensorSpec((None, 5), "int32")}
    declared = {
        "image": TensorSpec((None, 9, None, 1)),
        "tokens": TensorSpec((None, 5), "float32"),
        "imag": TensorSpec((None, 1)),
        "zzz": TensorSpec((None, 1)),
    }
    problems: list[Problem] = []
    check_inputs(declared, given, LOC, problems)
    assert plain(problems) == [
        (
            ("model", "image"),
            "declared as (batch, 9, ?, 1) float32, but the data gives (batch, 8, 8, 1) float32",
            "value",
        ),
        (("model", "tokens"), "declared as (batch, 5) float32, but the data gives (batch, 5) int32", "value"),
        (("model", "imag"), "the data has no input 'imag'; did you mean 'image'?", "key"),
        (("model", "zzz"), "the data has no input 'zzz'; it has 'image' or 'tokens'", "key"),
    ]


def test_inputs_agree_where_an_axis_is_unknown_or_both_are_floating() -> None:
    problems: list[Problem] = []
    given = {"a": TensorSpec((None, None, 3), "float64")}
    check_inputs({"a": TensorSpec((None, 5, 3))}, given, LOC, problems)
    assert not problems


@pytest.mark.parametrize(
    ("value", "sources"),
    [
        ("head", [Source("head", "head", LOC)]),
        ("body.h", [Source("h", "body.h", LOC)]),
        ("previous", [Source("output", "previous", LOC)]),
        (["a", "b.h"], [Source("a", "a", ("model", 0)), Source("h", "b.h", ("model", 1))]),
        ({"x": "a", "y": "b.h"}, [Source("x", "a", ("model", "x")), Source("y", "b.h", ("model", "y"))]),
    ],
)
def test_the_forms_of_outputs(value: Any, sources: list[Source]) -> None:
    problems: list[Problem] = []
    assert output_sources(value, LOC, problems) == sources
    assert not problems


@pytest.mark.parametrize(("value", "received"), [([], "[]"), ({}, "a mapping"), (3, "3"), (False, "false")])
def test_wrong_outputs(value: Any, received: str) -> None:
    problems: list[Problem] = []
    assert output_sources(value, LOC, problems) == []
    message = f"expected a node's name, a list of them, or a mapping from output to node, got {received}"
    assert plain(problems) == [(LOC, message, "value")]


def test_names_of_outputs() -> None:
    problems: list[Problem] = []
    output_sources(["a.h", "b.h"], LOC, problems)
    output_sources({"a.b": "c", 3: "d"}, LOC, problems)
    digits = "expected a name of letters, digits and '_' that begins with no digit, got"
    assert plain(problems) == [
        (
            ("model", 1),
            "two outputs are called 'h'; write a mapping from an output's name to its node",
            "value",
        ),
        (("model", "a.b"), f"{digits} 'a.b'", "key"),
        (("model", 3), f"{digits} 3", "key"),
    ]
