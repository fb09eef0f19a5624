"""Layers and weights that are replaced in a model that has predicted or trained."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.spec.errors import UsageError
from netlib.training.model import Model

X = np.random.default_rng(0).normal(size=(8, 5)).astype(np.float32)


class Written(Model):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.hidden, self.act, self.head = nn.Dense(4), nn.Activation("relu"), nn.Dense(3)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return self.head(self.act(self.hidden(x)))


def test_predict_sees_another_weight() -> None:
    model = Written(seed=1)
    before = model.predict(X)
    model.head.kernel = tf.Variable(2.0 * model.head.kernel)
    np.testing.assert_allclose(model.predict(X), model(X), rtol=1e-5, atol=1e-6)
    assert not np.allclose(model.predict(X), before)


def test_predict_sees_another_layer_without_weights() -> None:
    model = Written(seed=1)
    before = model.predict(X)
    model.act = nn.Activation("tanh")
    np.testing.assert_allclose(model.predict(X), model(X), rtol=1e-5, atol=1e-6)
    assert not np.allclose(model.predict(X), before)


@pytest.mark.parametrize("called", [False, True])
@pytest.mark.parametrize("fitted", [False, True])
def test_another_head_may_have_another_width(fitted: bool, called: bool) -> None:
    """What was learned below it is kept, and trained on."""
    model = Written(seed=1)
    model.compile("sparse_categorical_crossentropy", metrics=["accuracy"], execution="graph")
    model(X)
    if fitted:
        model.fit(X, np.full(8, 2))
        model.predict(X)
    hidden = model.hidden.kernel.numpy()
    model.head = nn.Dense(7)
    if called:
        model(X)
    assert model.predict(X).shape == (8, 7)
    np.testing.assert_array_equal(model.hidden.kernel, hidden)
    assert model.evaluate(X, np.full(8, 6))["loss"] > 0
    before = model.head.kernel.numpy()
    model.fit(X, np.full(8, 6))
    assert not np.array_equal(model.head.kernel, before)
    assert not np.array_equal(model.hidden.kernel, hidden)
    assert model.graph.output_tensors()["output"].shape == (None, 7)
    assert model.num_parameters() == model.graph.parameters().trainable == 5 * 4 + 4 + 4 * 7 + 7


def test_another_width_in_the_middle_is_an_error_in_words() -> None:
    model = Written(seed=1)
    model.predict(X)
    model.hidden = nn.Dense(6)
    with pytest.raises(UsageError, match=r"4.*6|6.*4"):
        model.predict(X)
