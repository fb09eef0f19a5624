from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.costs import Size
from netlib.spec.graph import Graph
from netlib.spec.language.analysis import analyse
from netlib.spec.liveness import Mode, moments
from netlib.spec.tensors import TensorSpec

MODES: tuple[Mode, ...] = ("xla", "graph", "eager")


def network(*nodes: Any, shape: tuple[int | None, ...] = (10,)) -> Graph:
    graph, problems = analyse(list(nodes), {"given": TensorSpec((None, *shape))})
    assert graph is not None, problems
    return graph


def alive(graph: Graph, mode: Mode = "graph", *, training: bool = True) -> list[int]:
    """Elements for a sample at every moment."""
    found = moments(graph, mode, training=training)
    assert found is not None
    return [moment.activations.per_sample // 4 for moment in found]


def dense(units: int, **more: Any) -> dict[str, Any]:
    return {"Dense": {"units": units, **more}}


def test_a_forward_pass_holds_what_is_read_and_what_is_made() -> None:
    assert alive(network(dense(100), dense(20), dense(3)), training=False) == [110, 120, 23, 3]


def test_a_training_keeps_what_the_backward_pass_reads_and_adds_the_gradients() -> None:
    # 10, 100 and 20 are read again for the kernels' gradients, 3 by the loss alone
    forward = [110, 130, 133]
    loss = 133 + 3  # with its gradient
    # each layer with the gradients of what it gives and reads; there is none of the network's input
    backward = [130 + 3 + 20, 110 + 20 + 100, 10 + 100]
    assert alive(network(dense(100), dense(20), dense(3))) == [*forward, loss, *backward]


def test_a_frozen_part_below_the_trained_one_keeps_nothing() -> None:
    frozen = network(dense(100, activation="relu") | {"trainable": False}, dense(3))
    assert max(alive(frozen)) < max(alive(network(dense(100, activation="relu"), dense(3))))
    assert alive(frozen)[-1] == 0


def test_an_activation_writes_over_what_nothing_else_needs() -> None:
    separate = network(dense(100), {"Activation": "relu"}, dense(3))
    fused = network(dense(100, activation="relu"), dense(3))
    assert max(alive(separate)) == max(alive(fused))
    assert max(alive(separate, "eager")) > max(alive(separate))


def test_an_activation_does_not_write_over_what_is_needed_again() -> None:
    read_twice = network(
        dense(100) | {"name": "first"}, {"Activation": "relu"}, {"Add": None, "from": ["previous", "first"]}
    )
    assert max(alive(read_twice)) >= 10 + 2 * 100
    twice_kept = network(dense(100, activation="relu"), {"Activation": "tanh"}, dense(3))
    assert max(alive(twice_kept)) >= 10 + 2 * 100


def test_a_view_takes_no_memory() -> None:
    image = network("Flatten", dense(3), shape=(5, 2))
    assert alive(image) == alive(network("Identity", dense(3)))
    assert max(alive(image)) == max(alive(network(dense(3))))


@pytest.mark.parametrize("mode", MODES)
def test_xla_and_eager_keep_more_for_some_activations(mode: Mode) -> None:
    peaks = {
        name: max(alive(network(dense(100, activation=name), dense(3)), mode)) for name in ("tanh", "relu", "gelu")
    }
    assert peaks["gelu"] > peaks["tanh"]
    assert (peaks["relu"] > peaks["tanh"]) == (mode == "xla")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("training", [True, False])
def test_weights_are_trained_from_the_last_layer_to_the_first(mode: Mode, training: bool) -> None:
    found = moments(network(dense(100), {"Sequential": [dense(20), dense(5)]}, dense(3)), mode, training=training)
    assert found is not None
    assert all(moment.activations.per_sample >= 0 for moment in found)
    weights = [moment.weights for moment in found if moment.weights]
    assert weights == ([4 * 6 * 3, 4 * 21 * 5, 4 * 101 * 20, 4 * 11 * 100] if training else [])


def test_copies_and_containers_are_what_they_hold() -> None:
    flat = network(dense(20), dense(20), dense(3))
    nested = network({"Sequential": [{"Sequential": [dense(20)]}, dense(20)]}, dense(3))
    assert alive(nested) == alive(flat)


def test_an_unknown_axis() -> None:
    assert moments(network("Identity", shape=(None,)), "graph", training=True) is None


def test_it_takes_time_in_proportion_to_the_nodes() -> None:
    graph = network(*(dense(4) for _ in range(3_000)), shape=(4,))
    found = moments(graph, "graph", training=True)
    assert found is not None
    assert len(found) == 2 * 3_000 + 1
    assert max(moment.activations for moment in found) == Size(4 * (4 * 3_001 + 4))
