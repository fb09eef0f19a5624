"""The cell of an RNN as it is written: one node, and what it reads."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from netlib.spec.errors import Loc, Problem
from netlib.spec.language.edges import FIRST
from netlib.spec.language.nodes import CONTAINERS, NodeSyntax, noted_node, refuse_wiring
from netlib.spec.rnn import SEQUENCE

EXPRESSIONS = ("Compute", "AddLoss", "AddMetric")
"""Layers that read nodes and inputs by the names in them."""


def cell_node(
    value: Any, states: list[str], loc: Loc, blocks: Collection[str], problems: list[Problem]
) -> NodeSyntax | None:
    """A node that reads the step as its first input, and the states by name; what has no named inputs may read them inside."""
    if isinstance(value, list):
        message = "the cell is one node: write a block, or {Network: {inputs: [step, h], nodes: [...], outputs: {...}}}"
        problems.append(Problem(loc, f"{message}, got a list"))
        return None
    node = noted_node(value, loc, blocks, problems)
    if node is None:
        return None
    refuse_wiring(node, ("from", "repeat", "each", "if"), "the cell reads the step and the states", problems)
    declares = isinstance(node.parameters, Mapping) and "inputs" in node.parameters
    unnamed = node.type in CONTAINERS and node.type != "RNN" and not (node.type == "Network" and declares)
    wiring = {key: item for key, item in node.wiring.items() if key != "from"}
    if node.type not in EXPRESSIONS and not unnamed:
        wiring["from"] = {FIRST: SEQUENCE, **{name: name for name in states}}
    return NodeSyntax(loc, node.type, node.parameters, wiring, node.parameters_loc, before=SEQUENCE)
