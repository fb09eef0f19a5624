"""Evaluation and prediction where samples depend on each other, or on random numbers: no padding, and the same each time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.training.inference import couples_rows
from netlib.training.model import Model

RNG = np.random.default_rng(9)
X, Y = RNG.normal(size=(50, 4)).astype(np.float32), RNG.normal(size=(50, 4)).astype(np.float32)


class Centred(nn.Layer):
    """What is left of a sample when the mean of its batch is taken away."""

    couples_rows = True

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return x - tf.reduce_mean(x, axis=0)


class Spread(nn.Layer):
    """Adds the variance of the batch to the loss, and its largest value to the log."""

    def call(self, x: tf.Tensor) -> tf.Tensor:
        self.add_loss(tf.math.reduce_variance(x))
        self.add_metric(tf.reduce_max(x), "largest")
        return x


class AlwaysDropping(nn.Layer):
    """A Dropout that is never off."""

    def __init__(self) -> None:
        super().__init__()
        self.dropout = nn.Dropout(0.5)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return self.dropout(x, training=True)


def compiled(*layers: Any, loss: Any = "mse", **settings: Any) -> Model:
    made = Model([*layers], seed=3)
    made.compile(loss, {"SGD": 0.1}, **{"execution": "graph", **settings})
    return made


def parts(array: np.ndarray, rows: int = 16) -> list[np.ndarray]:
    return [array[start : start + rows] for start in range(0, len(array), rows)]


def batches(*arrays: np.ndarray, rows: int = 16) -> Iterator[Any]:
    yield from zip(*(parts(array, rows) for array in arrays), strict=True)


def test_who_couples_rows() -> None:
    for layer, expected in ((Centred(), True), (Spread(), False)):
        made = compiled(layer)
        made(X)
        assert couples_rows(made) is expected


@pytest.mark.parametrize("mode", ["graph", "eager", pytest.param("xla", marks=pytest.mark.slow)])
def test_a_layer_that_looks_at_the_batch_is_measured_on_true_batches(mode: str) -> None:
    made = compiled(Centred(), execution=mode, metrics=["mae"])
    left = np.concatenate([part - part.mean(axis=0) for part in parts(X)])
    expected = {"loss": np.mean((left - Y) ** 2), "mae": np.mean(np.abs(left - Y))}
    assert made.evaluate(X, Y, batch_size=16) == pytest.approx(expected, rel=1e-5)
    np.testing.assert_allclose(made.predict(X, batch_size=16), left, rtol=1e-5, atol=1e-6)


def test_batches_of_a_stream_stay_what_they_are() -> None:
    """Batches of 16, 16, 16 and 2 rows; and of 16, 5 and 16, where the smaller one is in the middle."""
    made = compiled(Centred())
    uneven = [slice(0, 16), slice(16, 21), slice(21, 37)]
    for cuts, rows in (([slice(i, i + 16) for i in range(0, 50, 16)], 50), (uneven, 37)):
        left = np.concatenate([X[cut] - X[cut].mean(axis=0) for cut in cuts])
        measured = made.evaluate([(X[cut], Y[cut]) for cut in cuts].__iter__())
        assert measured["loss"] == pytest.approx(np.mean((left - Y[:rows]) ** 2), rel=1e-5)
        predicted = made.predict(X[cut] for cut in cuts)
        np.testing.assert_allclose(predicted, left, rtol=1e-5, atol=1e-6)


def test_what_is_added_is_that_of_true_batches() -> None:
    """A last batch that is filled up would have another variance, and another largest value."""
    made = compiled(Spread())
    weights = np.array([len(part) for part in parts(X)]) / len(X)
    expected = {
        "loss": np.mean((X - Y) ** 2) + np.sum(weights * [part.var() for part in parts(X)]),
        "largest": np.sum(weights * [part.max() for part in parts(X)]),
    }
    assert made.evaluate(X, Y, batch_size=16) == pytest.approx(expected, rel=1e-5)
    assert made.evaluate(batches(X, Y)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("mode", ["graph", "eager", pytest.param("xla", marks=pytest.mark.slow)])
def test_random_numbers_are_those_of_the_sample(mode: str, tmp_path: Path) -> None:
    """They depend neither on the call, nor on the batches, nor on the process that runs the checkpoint."""
    made = compiled(AlwaysDropping(), nn.Dense(4), execution=mode)
    first = made.predict(X, batch_size=16)
    for batch_size in (16, 7, 50):
        np.testing.assert_allclose(made.predict(X, batch_size=batch_size), first, rtol=1e-6, atol=1e-6)
        measured = made.evaluate(X, Y, batch_size=batch_size)["loss"]
        assert measured == pytest.approx(np.mean((first - Y) ** 2), rel=1e-5)
    assert made.predict(X, batch_size=16).tobytes() == first.tobytes()
    assert made.evaluate(X, Y, batch_size=16) == made.evaluate(X, Y, batch_size=16)
    np.testing.assert_allclose(made.predict(batches(X, rows=9)), first, rtol=1e-6, atol=1e-6)
    assert made.evaluate(batches(X, Y, rows=9))["loss"] == pytest.approx(np.mean((first - Y) ** 2), rel=1e-5)
    assert not np.allclose(first[:25], first[25:])


def test_a_saved_model_draws_the_same() -> None:
    first, second = (compiled(AlwaysDropping(), nn.Dense(4)) for _ in range(2))
    assert first.predict(X).tobytes() == second.predict(X).tobytes()
    other = Model([AlwaysDropping()], seed=4)
    same = Model([AlwaysDropping()], seed=3)
    assert not np.array_equal(other.predict(X), same.predict(X))
