from __future__ import annotations

import pytest

from netlib.config.placing import place_of, placed
from netlib.spec.errors import Problem

CONFIG = """\
blocks:
  ConvBlock:
    nodes: [Conv2D: 3]
  Stage:
    blocks:
      Inner:
        - ConvBlock
    nodes:
      - ConvBlock:
        name: body
      - Inner
model:
  - Stage:
    name: stage
    repeat: 3
  - ConvBlock
"""
CONV = ("blocks", "ConvBlock", "nodes", 0, "Conv2D")
INNER = ("blocks", "Stage", "blocks", "Inner", 0)


@pytest.mark.parametrize(
    ("loc", "at", "place"),
    [
        (CONV, "value", (2, 20)),
        (CONV, "key", (2, 12)),
        ((*CONV, "filters"), "key", (2, 20)),
        (("blocks", "Stage"), "value", (3, 2)),
        (("model", 0), "value", (12, 4)),
        (("nope",), "value", (0, 0)),
    ],
)
def test_a_place_is_that_of_the_value_or_its_key_or_of_what_is_around(tree, loc, at, place):
    assert place_of(tree(CONFIG), loc, at)[1:3] == place


def test_a_problem_says_which_blocks_lead_there_innermost_first(tree):
    problem = Problem(CONV, "wrong", "key", "warning", (("blocks", "Stage", "nodes", 0), ("model", 0)))
    found = placed(tree(CONFIG), problem)
    assert (found.line, found.column, found.message, found.severity) == (3, 13, "wrong", "warning")
    assert found.via == (
        "in ConvBlock, used by 'body' at a.yaml:9:9",
        "in Stage, used by 'stage' at a.yaml:13:5",
    )


def test_a_use_without_a_name_and_a_block_inside_a_block(tree):
    found = placed(tree(CONFIG), Problem(CONV, "wrong", via=(INNER, ("blocks", "Stage", "nodes", 1), ("model", 0))))
    assert found.via == (
        "in ConvBlock, used at a.yaml:7:11",
        "in Inner, used at a.yaml:11:9",
        "in Stage, used by 'stage' at a.yaml:13:5",
    )


def test_a_use_that_was_not_written_as_a_node_is_shown_by_what_is_around(tree):
    found = placed(tree(CONFIG), Problem(CONV, "wrong", via=(("model", 0, "Stage", "nodes", 2),)))
    assert found.via == ("in ConvBlock, used at a.yaml:13:11",)


def test_a_problem_outside_blocks_says_nothing_of_them(tree):
    assert placed(tree(CONFIG), Problem(("model", 0), "wrong")).via == ()
