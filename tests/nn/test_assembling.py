"""Graphs made by hand of which no layers can be made."""

from __future__ import annotations

from dataclasses import replace

import pytest

from netlib import nn
from netlib.spec.errors import UsageError
from netlib.spec.graph import Graph, Tie
from netlib.spec.language.analysis import analyse
from netlib.spec.tensors import TensorSpec


@pytest.fixture
def graph() -> Graph:
    nodes = [{"Dense": 3, "name": "first"}, {"Dense": 3, "name": "second"}]
    found, problems = analyse(nodes, {"x": TensorSpec((None, 3))})
    assert found is not None
    assert problems == []
    return found


def test_a_node_is_a_layer_or_a_container(graph: Graph) -> None:
    first, second = graph.nodes
    hollow = replace(graph, nodes=(first, replace(second, spec=None)))
    with pytest.raises(TypeError, match=r"^second has neither a spec nor a body$"):
        nn.Network(graph=hollow)


def test_what_a_weight_is_tied_to_stands_before_it(graph: Graph) -> None:
    first, second = graph.nodes
    early = replace(graph, nodes=(replace(first, ties={"kernel": Tie("second.kernel")}), second))
    with pytest.raises(
        UsageError, match=r"first: its kernel is tied to 'second\.kernel', which is not before it in this"
    ):
        nn.Network(graph=early)


def test_what_runs_again_stands_somewhere(graph: Graph) -> None:
    first, second = graph.nodes
    lost = replace(graph, nodes=(first, replace(second, shares="elsewhere.dense")))
    with pytest.raises(
        UsageError, match=r"'second' shares 'elsewhere\.dense', which stands in no network around this one"
    ):
        nn.Network(graph=lost)
