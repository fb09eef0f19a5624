from __future__ import annotations

import pytest

from netlib.config.blocks import Blocks

NODES = {"nodes": ["Flatten"]}


@pytest.mark.parametrize(
    "written", [None, [1], "x", {}, {"A": ["Flatten"]}, {"A": {"params": {"b": "$c"}, **NODES}}, {"A": 3}]
)
def test_what_has_no_variables_stays_as_it_is(written):
    found = Blocks(written)
    assert (found.values, found.problems) == (written, [])
    assert found.variables_at(("blocks", "A", "nodes", 0)) is None


def test_the_variables_of_a_library_are_resolved():
    found = Blocks({"A": {"vars": {"b": 2, "c": "$(b * 3)", "d": "$$$b"}, **NODES}})
    assert found.values == {"A": {"vars": {"b": 2, "c": 6, "d": "$$2"}, **NODES}}
    assert found.problems == []


def test_the_variables_of_a_block_inside_a_block():
    inner = {"vars": {"b": "$(1 / 0)"}, **NODES}
    found = Blocks({"A": {"blocks": {"B": inner}, **NODES}})
    (problem,) = found.problems
    assert (problem.loc, problem.message) == (("blocks", "A", "blocks", "B", "vars", "b"), "1 / 0 divides by zero")
    assert found.variables_at(("blocks", "A", "blocks", "B", "nodes", 0)).hide("$b")
    assert found.variables_at(("blocks", "A", "nodes", 0)) is None
