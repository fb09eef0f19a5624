from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.spec.errors import SpecError
from netlib.training.model import Model

VALUES = np.random.default_rng(3).normal(size=(4, 3, 2)).astype("float32")


@pytest.mark.parametrize("training", [False, True])
def test_the_penalty_is_that_of_a_sample_in_the_mean_as_keras_s(training: bool) -> None:
    ours, theirs = nn.ActivityRegularization(0.1, 0.01), keras.layers.ActivityRegularization(0.1, 0.01)
    np.testing.assert_array_equal(ours(VALUES, training=training), VALUES)
    theirs(VALUES, training=training)
    by_hand = np.mean([0.1 * np.abs(x).sum() + 0.01 * (x**2).sum() for x in VALUES])
    assert [float(term) for term in ours.losses] == pytest.approx([by_hand], rel=1e-6)
    assert [float(term) for term in theirs.losses] == pytest.approx([by_hand], rel=1e-6)


def test_it_is_computed_in_float32_at_least() -> None:
    layer = nn.ActivityRegularization(l2=1.0, dtype="mixed_float16")
    layer(tf.fill([2, 5], 300.0))
    assert [float(term) for term in layer.losses] == [5 * 300.0**2]


def test_a_batch_without_samples_adds_nothing() -> None:
    layer = nn.ActivityRegularization(l1=1.0)
    layer(tf.zeros([0, 3]))
    assert [float(term) for term in layer.losses] == [0.0]


def test_it_is_a_loss_to_train_with_and_to_evaluate() -> None:
    model = Model([{"Dense": {"units": 2, "use_bias": False}}, {"ActivityRegularization": {"l2": 1.0}}], seed=1)
    model.compile(optimizer={"SGD": {"learning_rate": 0.1}})
    x = np.eye(5, dtype="float32")
    model.fit(x, epochs=1, batch_size=5)
    kernel = model["dense.kernel"].numpy()
    assert model.evaluate(x, batch_size=5)["loss"] == pytest.approx((kernel**2).sum() / 5, rel=1e-5)
    # Batches of 2, 2 and 1: the last one is not filled up.
    assert model.evaluate(x, batch_size=2)["loss"] == pytest.approx((kernel**2).sum() / 5, rel=1e-5)


@pytest.mark.parametrize("name", ["l1", "l2"])
def test_factors_are_not_negative(name: str) -> None:
    with pytest.raises(SpecError, match=f"{name}: expected a number not less than 0, got -1"):
        nn.ActivityRegularization(**{name: -1})
