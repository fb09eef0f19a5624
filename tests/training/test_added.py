"""Losses and metrics that layers add, in training and in evaluation, against closed forms."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.spec.errors import SpecError, UsageError
from netlib.training.added import Added, added_by
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
        added_by(made, training=False, taken=["loss", "level"])


def test_a_network_of_the_catalogue_is_not_run_for_it() -> None:
    made = Model([nn.Dense(2)], seed=1)
    made(X)
    assert added_by(made, training=True, taken=[]) == Added()


def test_what_is_added_is_found_without_running() -> None:
    made = Model([Energy(), nn.Dense(1)], seed=1)
    made(X)
    assert added_by(made, training=True, taken=[]) == Added(("level", "was_training"), losses=True)
    assert added_by(made, training=False, taken=[]) == Added(("level",), losses=True)
    penalised = Model([keras.layers.ActivityRegularization(l2=0.1), nn.Dense(1)], seed=1)
    penalised(X)
    assert added_by(penalised, training=False, taken=[]) == Added((), losses=True)


class Compact(nn.Layer):
    """Adds the mean square of what its dense layer gives: all that is minimised."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Dense(2)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        result = self.dense(x)
        self.add_loss(tf.reduce_mean(result**2))
        return result


@pytest.mark.parametrize("given", ["arrays", "batches"])
def test_layers_may_add_all_that_is_minimised(given: str) -> None:
    """There is no loss, and there are no targets; plain gradient descent on the mean square, by hand."""
    made = Model([Compact()], seed=2)
    made.compile(optimizer={"SGD": {"learning_rate": 0.1}}, execution="graph")
    made(X)
    (kernel, bias), rate = (variable.numpy() for variable in made.variables), 0.1
    parts = [X[start : start + 20] for start in range(0, 50, 20)]
    history = made.fit(X, batch_size=20, shuffle=False) if given == "arrays" else made.fit(parts.__iter__())
    logged = 0.0
    for part in parts:
        result = part @ kernel + bias
        logged += len(part) * np.mean(result**2) / len(X)
        gradient = 2 * result / result.size
        kernel, bias = kernel - rate * part.T @ gradient, bias - rate * gradient.sum(axis=0)
    assert history[0]["train"] == {"loss": pytest.approx(logged, rel=1e-5)}
    np.testing.assert_allclose(made["compact.dense.kernel"], kernel, rtol=1e-5)
    values = [np.mean((part @ kernel + bias) ** 2) for part in parts]
    assert made.evaluate(X, batch_size=20) == {
        "loss": pytest.approx(np.average(values, weights=[20, 20, 10]), rel=1e-5)
    }
    assert made.predict(X).shape == (50, 2)
    assert set(made.gradients(X)) == {"compact.dense.kernel", "compact.dense.bias"}


@pytest.mark.parametrize("verb", ["fit", "evaluate", "train_on_batch", "gradients"])
def test_nothing_is_minimised_where_no_layer_adds_a_loss(verb: str) -> None:
    made = Model([nn.Dense(2, kernel_regularizer="L2")], seed=2)
    made.compile(None, "SGD", execution="graph")
    message = (
        "model has no loss, and none of its layers added one: give 'loss', or add it in a layer, by AddLoss or self"
    )
    with pytest.raises(UsageError, match=message):
        getattr(made, verb)(X)


def test_what_layers_log_can_be_monitored() -> None:
    made = model(monitor={"metric": "validation.level", "mode": "max"})
    made.fit(X, Y, validation_data=(X, Y))
    with pytest.raises(
        SpecError, match="whether more or less of 'level' is better is not known: give 'mode', min or max"
    ):
        model(monitor="train.level").fit(X, Y)
