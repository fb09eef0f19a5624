from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.language.block_forms import parse_blocks
from netlib.spec.language.blocks import Block, Library

LOC = ("blocks",)
INNER = {"params": {"n": 1}, "nodes": []}


def library(blocks: Any, **variables: Any) -> Library:
    return Library(parse_blocks(blocks, LOC, []), variables)


def block(**parts: Any) -> Block:
    return library({"B": {"nodes": [], **parts}}).blocks["B"]


def test_values_are_given_or_defaults_which_see_earlier_ones() -> None:
    made = block(params={"a": "$required", "b": "$(a + w)", "c": [1, "$b"]})
    assert made.values({"a": 1}, LOC, {"w": 5}) == {"a": 1, "b": 6, "c": [1, 6]}
    assert made.values(1, LOC, {"w": 5}) == made.values({"a": 1}, LOC, {"w": 5})
    assert made.values({"a": 1, "b": "$w"}, LOC, {})["b"] == "$w", "what is given has its `$` replaced already"


def test_a_default_without_a_value_is_told_where_it_stands() -> None:
    with pytest.raises(SpecError, match="there is no value 'zz' here") as caught:
        block(params={"a": "$zz"}).values(None, LOC, {})
    assert caught.value.problems[0].loc == ("blocks", "B", "params", "a")


def test_a_block_sees_the_variables_where_it_was_declared() -> None:
    outer = library({"A": {"nodes": [], "blocks": {"I": INNER}}}, w=1)
    inside = outer.inside(outer.blocks["A"], {"a": 2})
    assert inside.variables == {"w": 1}, "an inner block is a function too: it does not see the params"
    assert set(inside.blocks) == {"A", "I"}
    assert inside.around(inside.blocks["I"]) is inside
    assert inside.around(inside.blocks["A"]) is outer
    assert outer.inside(inside.blocks["A"], {}).outer is outer


def test_a_closed_block_and_one_of_a_library_see_nothing_around() -> None:
    outer = library(
        {
            "C": {"nodes": [], "closed": True, "blocks": {"I": INNER}},
            "L": {"nodes": [], "vars": {"v": 3}, "blocks": {"I": INNER}},
        },
        w=1,
    )
    closed, lib = outer.blocks["C"], outer.blocks["L"]
    assert outer.seen_by(closed) == {}
    assert outer.inside(closed, {"p": 2}).variables == {"p": 2}
    assert set(outer.inside(closed, {}).blocks) == {"I"}
    assert outer.seen_by(lib) == outer.inside(lib, {"p": 2}).variables == {"v": 3}


def test_before_use_parameters_have_no_values_yet() -> None:
    outer = library({"A": {"nodes": [], "params": {"w": 3, "p": 1}}}, w=1, v=2)
    before = outer.before_use(outer.blocks["A"])
    assert before.variables == {"v": 2}
    assert before.later == {"w", "p"}


def test_broken_blocks_are_types_but_no_blocks() -> None:
    made = library({"A": 3, "B": []})
    assert set(made.blocks) == {"B"}
    assert made.types == {"A", "B"}
