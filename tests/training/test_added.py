"""Losses and metrics that layers add, in training and in evaluation, against closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.spec.errors import UsageError
from netlib.training.added import added_names
from netlib.training.model import Model

RNG = np.random.default_rng(3)
X, Y = RNG.normal(size=(50, 4)).astype(np.float32), RNG.normal(size=50).astype(np.float32)
FROZEN = {"SGD": {"learning_rate": 1e-30}}


class Energy(nn.Layer):
    """Adds the mean square of its input to the loss, and its mean to the log; the training flag is logged only in training."""

    def call(self, x: tf.Tensor, training: Any) -> tf.Tensor:
        self.add_loss(0.5 * tf.reduce_mean(x**2))
        self.add_metric(x, "level")
        if training:
            self.add_metric(tf.ones([]), "was_training")
        return x


def model(mode: str = "graph", **settings: Any) -> Model:
    made = Model([Energy(), nn.Dense(1, kernel_regularizer={"L2": 0.1})], seed=4)
    made.compile("mse", FROZEN, execution=mode, **settings)
    return made


def expected(made: Model, x: np.ndarray, y: np.ndarray, batch: int) -> float:
    """The mean over all rows, a batch's mean square once for each of its rows, and the penalty of the kernel."""
    kernel, bias = made["dense.kernel"].numpy(), made["dense.bias"].numpy()
    squares = ((x @ kernel + bias)[:, 0] - y) ** 2
    parts = [x[start : start + batch] for start in range(0, len(x), batch)]
    added = sum(len(part) * 0.5 * np.mean(part**2) for part in parts) / len(x)
    return float(squares.mean() + added + 0.1 * np.sum(kernel**2))


@pytest.mark.parametrize("mode", ["graph", "xla", "eager"])
def test_training_logs_what_layers_add(mode: str) -> None:
    made = model(mode)
    (record,) = made.fit(X, Y, batch_size=16, shuffle=False)
    assert record["train"]["loss"] == pytest.approx(expected(made, X, Y, 16), rel=1e-5)
    assert record["train"]["level"] == pytest.approx(X.mean(), abs=1e-6)
    assert record["train"]["was_training"] == 1


def test_evaluation_has_what_is_added_then() -> None:
    made = model(metrics=["mae"])
    measured = made.evaluate(X, Y, batch_size=25)
    assert measured["loss"] == pytest.approx(expected(made, X, Y, 25), rel=1e-5)
    assert measured["level"] == pytest.approx(X.mean(), abs=1e-6)
    assert set(measured) == {"loss", "level", "mae"}


def test_accumulated_micro_batches_log_their_mean() -> None:
    made = model(accumulate=2)
    (record,) = made.fit(X[:48], Y[:48], batch_size=8, shuffle=False)
    assert record["train"]["loss"] == pytest.approx(expected(made, X[:48], Y[:48], 8), rel=1e-5)
    assert record["train"]["level"] == pytest.approx(X[:48].mean(), abs=1e-6)


def test_the_gradient_has_the_added_loss() -> None:
    made = Model([nn.Dense(3, name="first"), Energy(), nn.Dense(1)], seed=1)
    made.compile("mse", {"SGD": {"learning_rate": 0.1}}, execution="graph")
    made(X)
    before = made.state_dict()
    made.fit(X, Y, batch_size=len(X), shuffle=False)
    copy = {path: tf.Variable(value) for path, value in before.items()}
    with tf.GradientTape() as tape:
        hidden = X @ copy["first.kernel"] + copy["first.bias"]
        answer = (hidden @ copy["dense.kernel"] + copy["dense.bias"])[:, 0]
        loss = tf.reduce_mean((answer - Y) ** 2) + 0.5 * tf.reduce_mean(hidden**2)
    for path, gradient in tape.gradient(loss, copy).items():
        np.testing.assert_allclose(made[path], before[path] - 0.1 * gradient, rtol=1e-4, atol=1e-6)


def test_a_name_that_is_logged_already() -> None:
    made = Model([Energy(), nn.Dense(1)], seed=1)
    made(X)
    with pytest.raises(
        UsageError, match="a layer adds a metric 'level', which is logged already; give it another name"
    ):
        added_names(made, training=False, taken=["loss", "level"])


def test_a_network_of_the_catalogue_is_not_run_for_it() -> None:
    made = Model([nn.Dense(2)], seed=1)
    made(X)
    assert added_names(made, training=True, taken=[]) == ()
