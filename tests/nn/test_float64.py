"""The dtype policy `float64`: weights, slots and results are as wide."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.spec.language.analysis import analyse
from netlib.spec.memory import estimate
from netlib.spec.tensors import TensorSpec
from netlib.spec.training import TrainSpec
from netlib.training.model import Model

NODES: list[Any] = [
    {"Dense": {"units": 8, "activation": "tanh", "kernel_regularizer": "l2"}, "dtype": "float64"},
    "BatchNormalization",
    {"Dense": 2},
]


def test_weights_and_results_are_as_wide() -> None:
    dense = nn.Dense(2, dtype="float64")
    values = np.random.default_rng(1).normal(size=(3, 4))
    outputs = dense(values)
    assert (outputs.dtype, dense.kernel.dtype, dense.compute_dtype) == (tf.float64, tf.float64, "float64")
    np.testing.assert_allclose(outputs, values @ dense.kernel.numpy() + dense.bias.numpy(), rtol=1e-13, atol=1e-15)
    assert nn.Dense.from_config(dense.get_config()).dtype == "float64"


def test_what_is_known_before_it_runs_is_what_is_made() -> None:
    network = nn.Network(nodes=NODES, inputs={"x": {"shape": [4]}})
    network(np.ones([2, 4], "float32"))
    said = {
        f"{node.name}.{weight.name}": weight.dtype or "float32"
        for node in network.graph.nodes
        for weight in node.weights
    }
    assert said == {path: variable.dtype.name for path, variable, *_ in network.named_variables()}
    assert said["dense.kernel"] == "float64"
    assert said["dense_2.kernel"] == "float32"


@pytest.mark.parametrize("clip", [None, {"global_norm": 0.5}, {"norm": 0.5}, {"value": 0.1}])
@pytest.mark.parametrize("accumulate", [1, 2])
def test_layers_of_different_widths_are_trained_together(clip: Any, accumulate: int) -> None:
    rng = np.random.default_rng(1)
    model = Model(NODES, inputs={"x": {"shape": [4]}}, seed=1)
    model.compile(
        optimizer={"Adam": {"learning_rate": 0.05}}, loss="MeanSquaredError", clip=clip, accumulate=accumulate
    )
    history = model.fit(rng.normal(size=(32, 4)), rng.normal(size=(32, 2)), epochs=4, batch_size=8)
    losses = [epoch["train"]["loss"] for epoch in history]
    assert np.all(np.isfinite(losses))
    assert losses[-1] < losses[0]


def test_twice_the_bytes_in_weights_and_slots() -> None:
    graphs = {}
    for dtype in ("float32", "float64"):
        graphs[dtype], problems = analyse([{"Dense": 64, "dtype": dtype}], {"x": TensorSpec((None, 100))})
        assert not problems
    train = TrainSpec.parse({"loss": "mse", "optimizer": "Adam", "epochs": 1})
    narrow, wide = (estimate(graph, train, 1, "graph") for graph in graphs.values() if graph)
    assert narrow is not None
    assert wide is not None
    assert (wide.weights, wide.slots) == (2 * narrow.weights, 2 * narrow.slots)
