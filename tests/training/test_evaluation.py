from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from netlib.data.arrays import Arrays
from netlib.training.loop import DeviceData

MakeLab = Callable[..., Any]
TRUNK = {"Dense": {"units": 8, "activation": "relu", "kernel_regularizer": {"L2": 0.05}}, "name": "trunk"}
NODES = [
    TRUNK,
    {"Dropout": 0.5, "name": "dropped"},
    {"Dense": 3, "name": "kind", "from": "dropped"},
    {"Dense": 1, "name": "extent", "from": "dropped"},
]
LOSS = {
    "kind": "sparse_categorical_crossentropy",
    "extent": {"mse": None, "weight": 0.5},
}


@pytest.fixture(scope="module", params=["graph", pytest.param("xla", marks=pytest.mark.slow)])
def two_heads(request: pytest.FixtureRequest, make_lab: MakeLab) -> Any:
    random = np.random.default_rng(5)
    x = random.normal(size=(37, 4)).astype(np.float32)
    targets = {"kind": random.integers(0, 3, 37).astype(np.int32), "extent": random.normal(size=37).astype(np.float32)}
    metrics = [{"accuracy": None, "of": "kind"}, {"mae": None, "of": "extent"}]
    data = Arrays({"input": x}, targets)
    return make_lab(
        {"nodes": NODES, "outputs": ["kind", "extent"]},
        data,
        loss=LOSS,
        metrics=metrics,
        execution=request.param,
    )


def expected(lab: Any, weights: np.ndarray | None) -> dict[str, float]:
    state, x = lab.weights(), lab.data.inputs["input"]
    kinds, sizes = lab.data.targets["kind"], lab.data.targets["extent"]
    hidden = np.maximum(x @ state["trunk.kernel"] + state["trunk.bias"], 0)
    logits = hidden @ state["kind.kernel"] + state["kind.bias"]
    answer = (hidden @ state["extent.kernel"] + state["extent.bias"])[:, 0]
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    kind = np.average(-np.log(shares[np.arange(37), kinds]), weights=weights)
    size = np.average((answer - sizes) ** 2, weights=weights)
    return {
        "loss": kind + 0.5 * size + 0.05 * np.sum(state["trunk.kernel"] ** 2),
        "kind_loss": kind,
        "extent_loss": size,
        "accuracy": np.average(logits.argmax(axis=1) == kinds, weights=weights),
        "mae": np.average(np.abs(answer - sizes), weights=weights),
    }


@pytest.mark.parametrize("with_weights", [False, True])
def test_losses_and_metrics_are_those_of_the_closed_form(two_heads: Any, with_weights: bool) -> None:
    """37 rows in batches of 16: the last one is filled up, and dropout is off."""
    weights = np.random.default_rng(6).random(37).astype(np.float32) if with_weights else None
    data = Arrays(two_heads.data.inputs, two_heads.data.targets, weights)
    found = two_heads.engine.evaluator.run(DeviceData(data))
    assert found == pytest.approx(expected(two_heads, weights), rel=1e-5)
    assert list(found) == list(expected(two_heads, weights))


def test_it_can_be_asked_again_and_changes_no_weight(two_heads: Any) -> None:
    before, data = two_heads.weights(), DeviceData(two_heads.data)
    first = two_heads.engine.evaluator.run(data)
    assert two_heads.engine.evaluator.run(data) == first
    for path, value in two_heads.weights().items():
        np.testing.assert_array_equal(value, before[path])


def test_the_metrics_of_the_training_go_on(two_heads: Any) -> None:
    for variable in two_heads.engine.meters.named_variables().values():
        variable.assign_add(variable + 3)
    before = two_heads.engine.meters.results()
    two_heads.engine.evaluator.run(DeviceData(two_heads.data))
    assert two_heads.engine.meters.results() == before
