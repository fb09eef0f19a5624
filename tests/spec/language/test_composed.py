"""Layers that are composed of others, in the language: containers with paths, costs and places of their own."""

from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.graph import Graph
from netlib.spec.language.analysis import analyse
from netlib.spec.layers.composed import ComposedSpec
from netlib.spec.registry import COMPOSED, names, spec_class
from netlib.spec.tensors import TensorSpec

INPUTS = {"words": TensorSpec((None, 5, 6))}
HEADS = {"intermediate_dim": 7, "num_heads": 2}
ENCODER = {"TransformerEncoderBlock": HEADS}


def graph_of(nodes: list[Any]) -> Graph:
    graph, problems = analyse(nodes, INPUTS, loc=("model",))
    assert not problems
    assert graph is not None
    return graph


def told(nodes: list[Any]) -> list[tuple[Any, str]]:
    graph, problems = analyse(nodes, INPUTS, loc=("model",))
    assert graph is None
    return [(problem.loc, problem.message) for problem in problems]


def test_the_table_names_those_that_are_composed() -> None:
    assert {name for name in names("layer") if issubclass(spec_class("layer", name), ComposedSpec)} == COMPOSED


def test_its_nodes_have_paths_and_costs_of_their_own() -> None:
    graph = graph_of([{**ENCODER, "repeat": 2, "name": "block"}])
    paths = [node.weight_path(weight) for node in graph.walk() for weight in node.own_weights]
    assert "block.1.attention.query_kernel" in paths
    assert "block.0.feed_forward.bias" in paths
    assert graph.macs() == 2 * (4 * 5 * 6 * 6 + 5 * 5 * 2 * 6 + 2 * 5 * 6 * 7)


def test_what_the_layer_says_of_itself_is_what_the_network_has() -> None:
    spec = spec_class("layer", "TransformerEncoderBlock").parse(ENCODER["TransformerEncoderBlock"])
    assert isinstance(spec, ComposedSpec)
    graph = graph_of([ENCODER])
    shape = INPUTS["words"].shape
    assert sum(len(node.own_weights) for node in graph.walk()) == len(spec.weights(shape))
    assert spec.macs(shape) == graph.macs()
    assert spec.output_shape(shape) == {"output": (None, 5, 6)}


def test_weights_inside_are_tied_shared_and_frozen_by_their_paths() -> None:
    graph = graph_of(
        [
            {**ENCODER, "name": "first"},
            {"share": "first", "name": "again"},
            {"Dense": 7, "name": "tied", "tie": {"kernel": "first.intermediate.kernel"}},
            {**ENCODER, "name": "cold", "trainable": False, "from": "again"},
            {"Concatenate": None, "from": ["tied", "cold"]},
        ]
    )
    once = sum(node.parameters().total for node in graph.node("first").body.walk())  # type: ignore[union-attr]
    assert graph.parameters() == (once + 7, once)


def test_ports_of_both_directions() -> None:
    nodes = [
        {"Bidirectional": {"GRU": 4}, "name": "both"},
        {"Concatenate": None, "from": ["both", "both.forward_h", "both.backward_h"]},
    ]
    assert graph_of(nodes).output_tensors()["output"].shape == (None, 16)


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ({"TransformerEncoderBlock": {**HEADS, "num_heads": 4}}, "TransformerEncoderBlock's num_heads (= 4) must divide"),
        ({"TransformerEncoderBlock": {**HEADS, "head": 4}}, "TransformerEncoderBlock has no parameter 'head'"),
        ({"TransformerDecoderBlock": HEADS, "from": {"sequence": "words", "memry": "words"}}, "memry"),
        ({"Bidirectional": {"LSTM": {"units": 0}}}, "expected a number greater than 0, got 0"),
        ({"Bidirectional": {"Flatten": None}}, "got Flatten"),
        ({"Bidirectional": {"LTSM": 3}}, "there is no layer 'LTSM'; did you mean 'LSTM'?"),
        ({**ENCODER, "tie": {"kernel": "a.b"}}, "'tie' joins the weights of a layer, and TransformerEncoderBlock holds layers"),
    ],
    ids=["heads", "parameter", "input", "inner", "kind", "misspelt", "tie"],
)  # fmt: skip
def test_mistakes_stand_at_the_node(node: dict[str, Any], message: str) -> None:
    ((loc, text),) = told([node])
    assert loc[:2] == ("model", 0)
    assert message in text


@pytest.mark.parametrize("name", ["MixUp", "CutMix", "Lambda"])
def test_what_is_no_node_says_what_to_write(name: str) -> None:
    ((_, text),) = told([name])
    assert f"there is no layer '{name}' in netlab: it " in text
