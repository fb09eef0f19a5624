from __future__ import annotations

from typing import Any

import pytest
import yaml

from netlib.spec.errors import Loc, Problem
from netlib.spec.language.alone import check_item, misspelt
from netlib.spec.language.block_forms import parse_blocks
from netlib.spec.language.blocks import Library
from netlib.spec.language.nodes import parse_node

LOC = ("model", 3)
LIBRARY = Library(
    parse_blocks({"B": {"params": {"p": "$required"}, "nodes": []}, "Bad": 3}, ("blocks",), []),
    {"w": 3},
    later=frozenset(["later"]),
)


def told(text: str) -> list[tuple[Loc, str]]:
    problems: list[Problem] = []
    check_item(yaml.safe_load(text), LOC, LIBRARY, problems)
    return [(problem.loc[2:], problem.message) for problem in problems]


@pytest.mark.parametrize(
    "text",
    [
        "$whole",
        "Dense: $w",
        "Dense: $later",
        "Dense: $(later.x + 1)",
        "Dense: $index",
        "Dense: $(input.channels)",
        "Dense: {units: '$(item * 2)'}",
        "B: 3",
        "B: {p: $zz}",
        "Bad: {zzz: 1}",
        "Sequential: $later",
        "share: anything",
    ],
)
def test_what_may_be_right(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize(
    ("text", "loc", "message"),
    [
        ("Dense: $zz", ("Dense",), "there is no value 'zz' here (known: w)"),
        ("Dense: {units: -1}", ("Dense", "units"), "expected a number greater than 0, got -1"),
        ("Dens: 3", ("Dens",), "there is no layer 'Dens'; did you mean 'Dense'?"),
        (
            "Dense: {units: $later, untis: 3}",
            ("Dense", "untis"),
            "Dense has no parameter 'untis'; did you mean 'units'?",
        ),
        ("Dense: {units: $later, activation: rel}", ("Dense", "activation"), "there is no activation 'rel'"),
        ("{Dense: -1, nam: a}", ("nam",), "a node has no key 'nam'; did you mean 'name'?"),
        ("B: {q: 1}", ("B", "q"), "block B has no parameter 'q' (it has: p)"),
        ("Sequential: [Dense: -1]", ("Sequential", 0, "Dense", "units"), "expected a number greater than 0, got -1"),
        ("Sequential: $zz", ("Sequential",), "there is no value 'zz' here (known: w)"),
        (
            "While: {body: [Dense: -1]}",
            ("While", "body", 0, "Dense", "units"),
            "expected a number greater than 0, got -1",
        ),
        (
            "Parallel: {branches: {a: {Dense: -1}}}",
            ("Parallel", "branches", "a", "Dense", "units"),
            "expected a number",
        ),
    ],
)
def test_what_is_wrong_whatever_it_reads(text: str, loc: Loc, message: str) -> None:
    found = told(text)
    assert any(place == loc and said.startswith(message) for place, said in found), found


def test_parameters_of_a_node_whose_form_is_wrong() -> None:
    assert [loc for loc, _ in told("{Dense: -1, nam: a}")] == [("nam",), ("Dense", "units")]


def test_of_a_node_that_is_left_out_only_the_names_are_checked() -> None:
    node: Any = {"Dense": {"units": -1, "untis": 3}}
    assert [problem.loc[-1] for problem in misspelt(parse_node(node, LOC), LIBRARY)] == ["untis"]
