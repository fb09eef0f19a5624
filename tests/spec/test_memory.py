from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlib.spec.graph import Graph
from netlib.spec.language.analysis import analyse
from netlib.spec.liveness import Mode
from netlib.spec.memory import IMPORTED, LOADING, MARGIN, MIB, Memory, estimate, largest_batch
from netlib.spec.tensors import TensorSpec
from netlib.spec.training import TrainSpec

MODES: tuple[Mode, ...] = ("xla", "graph", "eager")


def network(*nodes: Any, shape: tuple[int | None, ...] = (100,)) -> Graph:
    graph, problems = analyse(list(nodes), {"given": TensorSpec((None, *shape))})
    assert graph is not None, problems
    return graph


def trained(**changes: Any) -> TrainSpec:
    return TrainSpec.parse({"epochs": 1, "loss": "mean_squared_error", "optimizer": "SGD", **changes})


def known(graph: Graph, train: TrainSpec | None, batch: int = 8, mode: Mode = "graph", data: int = 0) -> Memory:
    found = estimate(graph, train, batch, mode, data)
    assert found is not None
    return found


WIDE = network({"Dense": {"units": 200, "activation": "relu"}}, {"Dense": 10})
WEIGHTS = 4 * (101 * 200 + 201 * 10)


@pytest.mark.parametrize(
    ("optimizer", "slots"),
    [("SGD", 0), ({"SGD": {"momentum": 0.9}}, 1), ("Adam", 2), ({"Adam": {"amsgrad": True}}, 3), ("Lion", 1)],
)
def test_weights_and_slots_in_closed_form(optimizer: Any, slots: int) -> None:
    found = known(WIDE, trained(optimizer=optimizer))
    assert (found.weights, found.slots) == (WEIGHTS, slots * WEIGHTS)
    assert found.checkpoint == max(1 + slots, 2) * WEIGHTS


def test_averages_and_sums_over_micro_batches_are_as_large_as_the_weights() -> None:
    plain = known(WIDE, trained())
    assert known(WIDE, trained(callbacks=["EMA"])).weights == 2 * plain.weights
    summed = known(WIDE, trained(accumulate=4))
    assert summed.gradients >= 2 * WEIGHTS
    assert summed.gradients > plain.gradients


def test_clipping_by_the_global_norm_needs_all_gradients_at_once() -> None:
    deep = network(*({"Dense": 100} for _ in range(20)))
    whole = 4 * 20 * 101 * 100
    assert known(deep, trained()).gradients < whole
    assert known(deep, trained(clip={"global_norm": 1.0})).gradients > whole


def test_what_is_frozen_has_no_gradient_and_no_slots() -> None:
    frozen = network({"Dense": 200, "trainable": False}, {"Dense": 10})
    found = known(frozen, trained(optimizer="Adam"))
    assert (found.weights, found.slots) == (WEIGHTS, 2 * 4 * 201 * 10)


def test_a_forward_pass_alone_needs_less() -> None:
    found = known(WIDE, None)
    assert (found.gradients, found.slots, found.checkpoint) == (0, 0, 0)
    assert found.activations == 8 * 4 * (100 + 200)
    assert found.total < known(WIDE, trained()).total


def test_the_total_is_the_sum_unless_reading_the_data_is_the_peak() -> None:
    found = known(WIDE, trained())
    assert found.total == sum(vars(found).values())
    large = known(WIDE, trained(), data=1_000 * MIB)
    assert large.total == IMPORTED + LOADING * 1_000 * MIB > sum(vars(large).values())


@pytest.mark.parametrize("mode", MODES)
@given(one=st.integers(1, 10_000), other=st.integers(1, 10_000))
def test_more_samples_never_need_less(mode: Mode, one: int, other: int) -> None:
    less, more = sorted((one, other))
    first, second = known(WIDE, trained(), less, mode), known(WIDE, trained(), more, mode)
    assert first.total <= second.total
    assert first.activations <= second.activations


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "train", [trained(), trained(optimizer="Adam", accumulate=2), None], ids=["sgd", "adam", "none"]
)
@given(room=st.integers(1_000 * MIB, 40_000 * MIB))
def test_the_largest_batch_is_the_largest(mode: Mode, train: TrainSpec | None, room: int) -> None:
    found = largest_batch(room, WIDE, train, mode)
    assert found
    allowed = int(room * (1 - MARGIN))
    assert known(WIDE, train, found, mode).total <= allowed < known(WIDE, train, found + 1, mode).total


def test_no_batch_fits_a_small_memory_and_any_where_nothing_grows() -> None:
    assert largest_batch(100 * MIB, WIDE, trained(), "graph") == 0
    assert largest_batch(2**40, network("Identity", shape=(None,)), trained(), "graph") is None


def test_an_unknown_axis_makes_it_unknown() -> None:
    assert estimate(network("Identity", shape=(None,)), trained(), 8, "graph") is None
