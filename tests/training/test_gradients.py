"""Gradients of a compiled loss, held to closed forms and to Keras with the same weights."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.spec.errors import UsageError
from netlib.training.model import Model

X = np.random.default_rng(0).normal(size=(12, 4)).astype(np.float32)
Y = np.random.default_rng(1).integers(0, 3, 12).astype(np.int32)


def _model(nodes: Any, loss: Any = "sparse_categorical_crossentropy") -> Model:
    model = Model(nodes, seed=3)
    model(X)
    model.compile(loss, execution="graph")
    return model


def test_gradients_of_a_linear_model_have_their_closed_form() -> None:
    """Of mean squares of xw + b - y: 2/n x'(xw + b - y), with weights w: 2 x'(w(xw + b - y)) / sum(w)."""
    model = _model([{"Dense": 1, "name": "linear"}], "mean_squared_error")
    target = X.sum(axis=1, keepdims=True)
    kernel, bias = model["linear.kernel"].numpy(), model["linear.bias"].numpy()
    off = X @ kernel + bias - target
    gradients = model.gradients(X, target)
    assert list(gradients) == ["linear.kernel", "linear.bias"]
    np.testing.assert_allclose(gradients["linear.kernel"], 2 / 12 * X.T @ off, rtol=1e-5)
    np.testing.assert_allclose(gradients["linear.bias"], 2 * off.mean(axis=0), rtol=1e-5)
    weights = np.arange(12, dtype=np.float32)
    weighted = model.gradients(X, target, sample_weight=weights)["linear.kernel"]
    np.testing.assert_allclose(weighted, 2 * X.T @ (weights[:, None] * off) / weights.sum(), rtol=1e-4)


def test_penalties_are_part_of_it() -> None:
    plain = _model([{"Dense": {"units": 3}, "name": "head"}])
    decayed = _model([{"Dense": {"units": 3, "kernel_regularizer": {"L2": 0.1}}, "name": "head"}])
    kernel = decayed["head.kernel"].numpy()
    difference = decayed.gradients(X, Y)["head.kernel"] - plain.gradients(X, Y)["head.kernel"]
    np.testing.assert_allclose(difference, 0.2 * kernel, rtol=1e-4, atol=1e-6)


class Pull(nn.Layer):
    """Adds half the squares of a weight of its own to the loss."""

    def build(self, shape: Any) -> None:
        self.strength = self.add_weight("strength", shape[-1:], "ones")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        self.add_loss(0.5 * tf.reduce_sum(self.strength**2))
        return x


def test_losses_that_layers_add_are_part_of_it() -> None:
    x = nn.Input([4])
    model = Model(x, nn.Dense(3)(Pull(name="pull")(x)))
    model.compile("sparse_categorical_crossentropy")
    np.testing.assert_allclose(model.gradients(X, Y)["pull.strength"], np.ones(4))


def test_they_are_those_of_keras() -> None:
    model = _model([{"Dense": {"units": 5, "activation": "tanh"}, "name": "one"}, {"Dense": 3, "name": "two"}])
    theirs = keras.Sequential([keras.layers.Dense(5, activation="tanh"), keras.layers.Dense(3)])
    theirs.build((None, 4))
    theirs.set_weights(list(model.state_dict().values()))
    with tf.GradientTape() as tape:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(Y, theirs(X))
    expected = tape.gradient(loss, [variable.value for variable in theirs.trainable_variables])
    for ours, their in zip(model.gradients(X, Y).values(), expected, strict=True):
        np.testing.assert_allclose(ours, their, rtol=1e-5, atol=1e-7)


def test_a_sparse_gradient_is_dense_and_one_that_is_not_there_is_none() -> None:
    ids = nn.Input([2], "int32")
    rows = nn.Foreign(keras.layers.Embedding(5, 3), name="rows")(ids)
    model = Model(ids, nn.Dense(3)(nn.Flatten()(rows)))
    model.unused = tf.Variable(1.0)
    model.compile("sparse_categorical_crossentropy")
    gradients = model.gradients(np.array([[0, 1], [1, 1]], np.int32), Y[:2])
    assert gradients["unused"] is None
    table = gradients["rows.embeddings"]
    assert isinstance(table, tf.Tensor)
    assert (np.abs(table).sum(axis=1) > 0).tolist() == [True, True, False, False, False]


def test_frozen_variables_have_none() -> None:
    model = _model([{"Dense": 4, "name": "one"}, {"Dense": 3, "name": "two"}])
    model.freeze("one.**")
    assert list(model.gradients(X, Y)) == ["two.kernel", "two.bias"]


def test_training_turns_dropout_on_and_draws_the_same_again() -> None:
    model = _model([{"Dense": 8}, {"Dropout": 0.5}, {"Dense": 3, "name": "head"}])
    still, moving, again = (model.gradients(X, Y, training=flag)["head.kernel"] for flag in (False, True, True))
    assert not np.allclose(still, moving)
    assert np.array_equal(moving, again)


def test_a_loss_of_another_kind_may_be_given() -> None:
    model = _model([{"Dense": 1, "name": "linear"}])
    gradients = model.gradients(X, np.zeros((12, 1), np.float32), lambda y, out: tf.reduce_sum(out - y))
    np.testing.assert_allclose(gradients["linear.kernel"], X.sum(axis=0, keepdims=True).T, rtol=1e-5)


def test_it_needs_a_loss() -> None:
    model = Model([{"Dense": 3}], name="net")
    with pytest.raises(UsageError, match=r"net\.gradients needs a loss: call net\.compile\(loss, \.\.\.\) first"):
        model.gradients(X, Y)
