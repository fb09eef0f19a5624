"""Models of hand-written layers, models inside of models, and Python that runs in every step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.data.arrays import Arrays
from netlib.spec.errors import UsageError
from netlib.training.history import History
from netlib.training.model import Model

Blobs = Callable[..., Arrays]
LOSS = "sparse_categorical_crossentropy"


class Scaled(nn.Layer[Any]):
    """A layer without a spec; `seen` is what its Python code saw."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.seen: list[Any] = []

    def build(self, shape: Any) -> None:
        self.scale = self.add_weight("scale", (shape[-1],), "ones")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        self.seen.append(x)
        return x * self.scale


@pytest.fixture(scope="module")
def xy(blobs: Blobs) -> tuple[np.ndarray, np.ndarray]:
    data = blobs(48)
    return data.inputs["input"], data.targets["target"]


def compiled(layers: Any, **words: Any) -> Model:
    model = Model(layers, seed=5)
    model.compile(LOSS, {"SGD": 0.1}, ["accuracy"], **words)
    return model


def test_python_in_a_layer_runs_in_every_step_when_run_eagerly(xy: Any) -> None:
    x, y = xy
    layer = Scaled()
    model = compiled([layer, nn.Dense(3)], run_eagerly=True)
    assert model.trainer.train.execution == "eager"
    model(x[:16])
    layer.seen.clear()
    model.fit(x, y, epochs=2, batch_size=16, shuffle=False)
    with_values = [value.numpy() for value in layer.seen if hasattr(value, "numpy")]
    assert len(with_values) == 6
    np.testing.assert_array_equal(with_values[4], x[16:32])

    graph_layer = Scaled()
    other = compiled([graph_layer, nn.Dense(3)], execution="graph")
    other(x[:16])
    history = other.fit(x, y, epochs=9, batch_size=16, shuffle=False)
    assert len(graph_layer.seen) < 9  # it was traced, not run
    for path, value in model.state_dict().items():
        assert value.shape == other.state_dict()[path].shape
    assert len(history) == 9


def test_run_eagerly_and_another_execution_cannot_both_be() -> None:
    with pytest.raises(UsageError, match="run_eagerly=True is execution 'eager', got execution 'xla' too"):
        compiled([nn.Dense(3)], run_eagerly=True, execution="xla")


def test_a_hand_written_layer_is_trained(xy: Any) -> None:
    x, y = xy
    layer = Scaled()
    model = compiled([layer, nn.Dense(3)])
    history = model.fit(x, y, epochs=10, validation_data=(x, y))
    assert history["train.loss"][-1] < history["train.loss"][0]
    assert not np.array_equal(layer.scale, np.ones(6))
    assert model.evaluate(x, y) == pytest.approx(history[-1]["validation"])
    assert model.predict(x).shape == (48, 3)


def test_a_model_in_a_model_is_trained_as_a_part(xy: Any) -> None:
    x, y = xy
    inner = Model([nn.Dense(8, activation="relu"), nn.Dense(4)], name="inner", seed=1)
    inner.compile("mse")
    outer = compiled([inner, nn.Dense(3)])
    outer(x)
    before = inner.state_dict()
    outer.fit(x, y, epochs=3)
    after = inner.state_dict()
    assert all(not np.array_equal(before[path], after[path]) for path in before)
    assert len(outer.trainable_variables) == 6
    targets = np.zeros((48, 4), np.float32)
    untrained = inner.evaluate(x, targets)["loss"]
    inner.fit(x, targets, epochs=5)  # and by itself
    assert inner.evaluate(x, targets)["loss"] < untrained


def test_fit_returns_a_history_and_tells_callbacks(xy: Any) -> None:
    x, y = xy
    told: list[Any] = []
    model = compiled([nn.Dense(3)])
    history = model.fit(x, y, epochs=2, callbacks=[told.append])
    assert isinstance(history, History)
    assert history["epoch"] == [1, 2]
    assert told == list(history)
    assert model.fit(x, y)["epoch"] == [3]


@pytest.mark.parametrize(("verbose", "lines"), [(True, 2), (None, 0), (False, 0)])
def test_progress_is_shown_when_asked(xy: Any, capsys: Any, verbose: bool | None, lines: int) -> None:
    compiled([nn.Dense(3)]).fit(*xy, epochs=2, verbose=verbose)
    captured = capsys.readouterr()
    assert sum(line.startswith("epoch ") for line in (captured.out + captured.err).splitlines()) == lines


def test_batches_are_shown_too(xy: Any, capsys: Any) -> None:
    """Neither the samples nor the steps of an epoch are known."""
    x, y = xy
    compiled([nn.Dense(3)]).fit(((x, y) for _ in range(6)), verbose=True)
    captured = capsys.readouterr()
    assert "samples: a stream; batches of 48" in captured.out + captured.err


@pytest.mark.parametrize("joined", [False, True], ids=["chain", "symbols"])
def test_what_an_added_loss_asks_for_is_learnt(joined):
    dense, penalty = nn.Dense(3, name="inner"), nn.AddLoss("mean(square(x - 1))")
    if joined:
        x = nn.Input([4])
        inner = dense(x)
        penalty(inner)
        model = Model(x, nn.Flatten()(inner), seed=1)
    else:
        model = Model([dense, penalty, nn.Flatten()], seed=1)
    rows = np.random.default_rng(0).normal(size=[64, 4]).astype("float32")
    model.compile(optimizer={"Adam": {"learning_rate": 0.1}}, loss=None)
    losses = [epoch["train"]["loss"] for epoch in model.fit(rows, epochs=30, verbose=0)]
    given = model.predict(rows)
    np.testing.assert_allclose(given, np.ones_like(given), atol=0.1)
    assert losses[-1] < 0.1 * losses[0]
