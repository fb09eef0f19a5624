from __future__ import annotations

from math import prod
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlib.spec.costs import Cost, Size, add, cost, flops, size_of, times
from netlib.spec.graph import Graph, Parameters
from netlib.spec.language.analysis import analyse
from netlib.spec.tensors import TensorSpec


def network(*nodes: Any, shape: tuple[int | None, ...] = (8, 8, 3), dtype: str = "float32") -> Graph:
    graph, problems = analyse(list(nodes), {"image": TensorSpec((None, *shape), dtype)})
    assert graph is not None, problems
    return graph


def each_cost(graph: Graph) -> list[Cost]:
    """Of the nodes in the order in which they run, not of those inside them."""
    return [cost(node, [graph.tensor(ref).shape for ref in node.reads.values()]) for node in graph.nodes]


def costs_of(graph: Graph) -> dict[str, Cost]:
    return {node.name: cost for node, cost in zip(graph.nodes, each_cost(graph), strict=True)}


CONV = {"Conv2D": {"filters": 4, "kernel_size": 3, "activation": "relu"}}


def test_a_network_in_closed_form() -> None:
    found = costs_of(network(CONV, "Flatten", {"Dense": 10}))
    assert found["conv_2d"].parameters == (3 * 3 * 3 * 4 + 4, 0)
    assert found["conv_2d"].macs == 6 * 6 * 4 * 3 * 3 * 3
    assert found["conv_2d"].activations == Size(6 * 6 * 4 * 4)
    assert found["dense"].weight_bytes == 4 * (144 * 10 + 10)
    assert found["dense"].flops == (2 * 1440, 4 * 1440)


def test_the_rule_for_flops_is_two_for_each_and_twice_backward() -> None:
    assert flops(7) == (14, 28)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=6))
def test_totals_are_those_of_a_multi_layer_perceptron(units: list[int]) -> None:
    total = add(each_cost(network(*({"Dense": {"units": n}} for n in units), shape=(5,))))
    pairs = list(zip([5, *units], units, strict=False))
    assert total.macs == sum(one * other for one, other in pairs)
    assert total.parameters.total == sum((one + 1) * other for one, other in pairs)
    assert total.activations == Size(4 * sum(units))


def test_a_container_has_none_of_its_own_and_its_nodes_add_up() -> None:
    graph = network("Flatten", {"Sequential": [{"Dense": 8}, {"Dense": 4}], "name": "body"}, {"Dense": 2})
    body = graph.node("body")
    assert body.body is not None
    assert costs_of(graph)["body"] == Cost(Parameters(0, 0), 0, 0, Size())
    total = add([*each_cost(graph), *each_cost(body.body)])
    assert total.parameters == graph.parameters()
    assert total.macs == graph.macs()


def test_a_layer_that_runs_twice_has_its_weights_once_and_everything_else_twice() -> None:
    once = network({"Dense": 5, "name": "hidden"}, shape=(5,))
    twice = network({"Dense": 5, "name": "hidden"}, {"share": "hidden"}, shape=(5,))
    total = add(each_cost(twice))
    assert total.parameters == add(each_cost(once)).parameters == (30, 0)
    assert total.macs == 2 * 25
    assert total.activations == Size(2 * 5 * 4)


def test_what_is_frozen_is_not_trainable() -> None:
    graph = network({"Dense": 5, "trainable": False}, "BatchNormalization", shape=(5,))
    assert add(each_cost(graph)).parameters == (10, 30 + 10)


def test_an_unknown_axis_makes_its_costs_unknown_and_the_totals() -> None:
    graph = network({"Embedding": {"input_dim": 9, "output_dim": 4}}, {"Dense": 2}, shape=(None,), dtype="int32")
    total = add(each_cost(graph))
    assert (total.macs, total.flops, total.activations) == (None, None, None)
    assert total.parameters == (9 * 4 + 10, 0)


@pytest.mark.parametrize(
    ("activation", "kept"), [("relu", 0), ("tanh", 0), ("linear", 0), ("silu", 1), ("gelu", 3), ("mish", 3)]
)
def test_an_activation_may_keep_more_than_its_output(activation: str, kept: int) -> None:
    found = costs_of(network({"Dense": {"units": 6, "activation": activation}}, shape=(5,)))
    assert found["dense"].activations == Size((1 + kept) * 6 * 4)


def test_normalization_and_dropout_keep_what_the_backward_pass_needs() -> None:
    found = costs_of(network("BatchNormalization", "LayerNormalization", {"Dropout": 0.5}, shape=(5,)))
    assert {path: cost.activations for path, cost in found.items()} == {
        "batch_normalization": Size(2 * 5 * 4),
        "layer_normalization": Size(3 * 5 * 4),
        "dropout": Size(2 * 5 * 4),
    }
    (image,) = costs_of(network("BatchNormalization")).values()
    assert image.activations == Size(8 * 8 * 3 * 4)  # by the kernel for images


def test_a_tensor_without_a_batch_axis_counts_once() -> None:
    assert size_of(TensorSpec((None, 3), "float16")) == Size(6, 0)
    assert size_of(TensorSpec((7, 3), "float64")) == Size(0, 168)
    assert size_of(TensorSpec((), "int32")) == Size(0, 4)
    assert size_of(TensorSpec((None, None))) is None
    assert Size(6, 100).of(10) == 160


def test_of_a_wrapper_nodes_run_as_often_as_it_says() -> None:
    (wrapper,) = network({"TimeDistributed": [{"Dense": 4}]}, shape=(7, 3)).nodes
    assert wrapper.body is not None
    total = add(each_cost(wrapper.body))
    assert (total.parameters.total, total.macs, total.activations) == (16, 7 * 12, Size(7 * 4 * 4))


def test_equal_costs_multiplied_are_their_sum() -> None:
    (one,) = costs_of(network({"Dense": 6}, shape=(5,))).values()
    assert times(one, 3) == add([one, one, one])
    unknown = Cost(Parameters(1, 2), 12, None, None)
    assert times(unknown, 2) == add([unknown, unknown]) == Cost(Parameters(2, 4), 24, None, None)


def test_the_weights_of_a_shared_node_are_counted_at_its_owner() -> None:
    graph = network({"Dense": 6}, shape=(5,))
    node = graph.nodes[0]
    assert cost(node, [(None, 5)], shared=True).parameters.total == 0
    assert cost(node, [(None, 5)]).parameters.total == sum(prod(weight.shape) for weight in node.weights)
