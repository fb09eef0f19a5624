from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.errors import Loc, Problem
from netlib.spec.language.block_forms import parse_blocks

LOC = ("blocks",)


def wrong(value: Any) -> list[tuple[Loc, str, str]]:
    problems: list[Problem] = []
    assert not parse_blocks(value, LOC, problems).known
    return [(problem.loc, problem.message, problem.at) for problem in problems]


def test_the_forms_of_a_block() -> None:
    problems: list[Problem] = []
    blocks = parse_blocks({"A": ["Flatten"], "B": {"nodes": [], "inputs": ["p", "q"], "only": True}}, LOC, problems)
    assert not problems
    a, b = blocks.known.values()
    assert (a.params, a.inputs, a.section.nodes, a.section.nodes_loc) == ({}, (), ["Flatten"], ("blocks", "A"))
    assert (b.inputs, b.only, b.closed, b.variables) == (("p", "q"), True, False, None)
    assert parse_blocks(None, LOC, problems).known == {}


def test_a_key_or_a_name_that_is_wrong_is_shown_by_the_key() -> None:
    assert wrong({"a": []})[0][2] == "key"
    assert wrong({"A": {"nodes": [], "outs": 1}}) == [
        (("blocks", "A", "outs"), "a block has no key 'outs'; did you mean 'outputs'?", "key")
    ]


@pytest.mark.parametrize("value", [3, ["a"], "x"])
def test_variables_of_a_block_of_another_file(value: Any) -> None:
    ((loc, message, _),) = wrong({"A": {"nodes": [], "vars": value}})
    assert loc == ("blocks", "A", "vars")
    assert message.startswith("expected a mapping from a variable's name to its value, got ")


def test_a_parameter_may_be_called_like_an_input_of_another_files_model() -> None:
    problems: list[Problem] = []
    parse_blocks({"A": {"nodes": [], "params": {"v": 1}, "inputs": ["v"], "closed": True}}, LOC, problems)
    assert not problems
