"""Losses of Keras layers among ours, against what Keras says of the same layers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.spec.errors import SpecError
from netlib.training.model import Model

X = np.linspace(-1, 1, 20, dtype=np.float32).reshape(4, 5)


class Two(nn.Layer):
    """Calls two Keras layers, one of them in a list."""

    def __init__(self) -> None:
        super().__init__()
        self.first = keras.layers.Dense(3, kernel_regularizer="l2", activity_regularizer="l1")
        self.rest = [keras.layers.Dense(2, activity_regularizer="l2")]

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return self.rest[0](self.first(x))


def of_keras(layer: Two) -> float:
    return float(sum(layer.first.losses) + sum(layer.rest[0].losses))


def total(layer: Any) -> float:
    return float(tf.add_n(layer.losses))


@pytest.mark.parametrize("wrapped", [False, True])
def test_weights_and_outputs_of_keras_layers_are_penalised(wrapped: bool) -> None:
    layer = Two()
    network = nn.Sequential([layer]) if wrapped else layer
    for _ in range(2):  # a second pass begins anew
        network(X)
        assert total(network) == pytest.approx(of_keras(layer))
        assert (len(network.penalties), len(network.added_losses)) == (1, 2)


class Holder(nn.Layer):
    """Calls a Keras layer itself, before and after a child that does so too."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = keras.layers.Dense(5, activity_regularizer="l2")
        self.child = nn.Foreign(self.dense)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return self.dense(self.child(self.dense(x)))


def test_what_two_layers_hold_is_penalised_once_a_call() -> None:
    layer = Holder()
    for _ in range(2):
        layer(X)
        once = layer.dense(X)
        twice = layer.dense(once)
        values = [once, twice, layer.dense(twice)]
        expected = [layer.dense.activity_regularizer(value) for value in values]
        np.testing.assert_allclose(layer.added_losses, np.divide(expected, len(X)), rtol=1e-5)


def test_constraints_of_keras_layers_hold_in_a_loop_of_ones_own() -> None:
    layer = nn.Foreign(keras.layers.Dense(3, kernel_constraint="non_neg", bias_initializer="ones"))
    layer(X)
    optimizer = keras.optimizers.SGD(0.5)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(X))
    optimizer.apply_gradients(
        zip(tape.gradient(loss, layer.trainable_variables), layer.trainable_variables, strict=True)
    )
    assert layer["kernel"].numpy().min() == 0
    assert layer["bias"].numpy().max() < 0, "no constraint of its own"


def test_constraints_of_keras_layers_hold_in_fit() -> None:
    model = Model([keras.layers.Dense(3, kernel_constraint=keras.constraints.MaxNorm(0.1))])
    model.compile("MeanSquaredError", "SGD")
    model.fit(X, np.ones([4, 3], np.float32), epochs=2)
    assert np.linalg.norm(model["dense.kernel"], axis=0).max() <= 0.1001


def test_a_keras_layer_by_itself() -> None:
    target = keras.layers.Dense(3, kernel_regularizer="l2", activity_regularizer="l1")
    layer = nn.Foreign(target)
    layer(X)
    assert total(layer) == pytest.approx(float(sum(target.losses)))


def test_after_a_compiled_call_an_eager_one_has_its_own() -> None:
    layer = Two()

    @tf.function
    def compiled(x: tf.Tensor) -> tf.Tensor:
        layer(x)
        return tf.add_n(layer.losses)

    inside = float(compiled(X))
    layer(X)
    assert total(layer) == pytest.approx(inside)


def test_frozen_weights_are_not_penalised() -> None:
    layer = Two()
    layer(X)
    layer.freeze("first.kernel")
    assert layer.penalties == []


def test_gradients_have_the_penalties() -> None:
    layer = Two()
    layer(X)
    with tf.GradientTape() as tape:
        layer(X)
        loss = tf.add_n(layer.penalties)
    gradient = tape.gradient(loss, layer["first.kernel"])
    np.testing.assert_allclose(gradient, 2 * 0.01 * layer["first.kernel"], rtol=1e-5)


class Project(nn.Layer):
    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight("kernel", [shape[-1], 2])

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return tf.matmul(x, self.kernel)


@pytest.mark.parametrize("compiled", [False, True])
def test_other_shapes_than_it_was_built_for(compiled: bool) -> None:
    layer = Project()
    layer(X)
    run = tf.function(layer, autograph=False) if compiled else layer
    with pytest.raises(
        SpecError, match=r"project was built for inputs of \(batch, 5\), and cannot take \(batch, 4\): "
    ):
        run(X[:, :4])


class Broken(nn.Layer):
    def call(self, x: tf.Tensor) -> tf.Tensor:
        raise ValueError("of its own")


def test_an_error_that_has_nothing_to_do_with_shapes_stays_as_it_is() -> None:
    with pytest.raises(ValueError, match=r"^of its own$"):
        Broken()(X)
