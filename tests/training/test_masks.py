"""Masks reach losses and metrics as in Keras: only the real places count."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.spec.errors import UsageError
from netlib.training.model import Model

RNG = np.random.default_rng(8)
TOKENS = RNG.integers(0, 6, (64, 7))
LABELS = RNG.integers(0, 4, (64, 7))


def pair() -> tuple[Model, Any]:
    """The same network in netlab and in Keras."""
    ours = Model([nn.Embedding(6, 5, mask_zero=True), nn.Dense(4)], seed=2)
    ours.compile("sparse_categorical_crossentropy", {"SGD": 0.1}, ["accuracy"])
    theirs = keras.Sequential(
        [keras.Input([7], dtype="int32"), keras.layers.Embedding(6, 5, mask_zero=True), keras.layers.Dense(4)]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    theirs.compile(keras.optimizers.SGD(0.1), loss, weighted_metrics=["accuracy"])
    ours(TOKENS)
    theirs.set_weights([variable.numpy() for variable in ours.variables])
    return ours, theirs


def test_evaluation_of_padded_text_is_keras() -> None:
    ours, theirs = pair()
    expected = theirs.evaluate(TOKENS, LABELS, batch_size=64, verbose=0, return_dict=True)
    assert ours.evaluate(TOKENS, LABELS, batch_size=64) == pytest.approx(expected, rel=1e-5)


def test_training_on_padded_text_is_keras() -> None:
    ours, theirs = pair()
    history = ours.fit(TOKENS, LABELS, epochs=3, batch_size=16, shuffle=False)
    expected = theirs.fit(TOKENS, LABELS, epochs=3, batch_size=16, shuffle=False, verbose=0).history
    assert [record["train"]["loss"] for record in history] == pytest.approx(expected["loss"], rel=1e-5)
    assert [record["train"]["accuracy"] for record in history] == pytest.approx(expected["accuracy"], rel=1e-5)


def test_weights_of_samples_and_masks_multiply() -> None:
    ours, _ = pair()
    weights = RNG.uniform(0.2, 2, 64).astype(np.float32)
    measured = ours.evaluate(TOKENS, LABELS, batch_size=64, sample_weight=weights)
    logits = ours(TOKENS).numpy()
    losses = keras.losses.sparse_categorical_crossentropy(LABELS, logits, from_logits=True).numpy()
    places = weights[:, None] * (TOKENS != 0)
    assert measured["loss"] == pytest.approx(np.sum(losses * places) / places.sum(), rel=1e-5)
    assert measured["accuracy"] == pytest.approx(np.sum((logits.argmax(-1) == LABELS) * places) / places.sum())


class KeepsMask(nn.Layer):
    """Joins the places, and forgets to drop the mask."""

    supports_masking = True

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean(x, axis=1)


def test_a_mask_that_the_loss_cannot_use() -> None:
    made = Model([nn.Embedding(6, 5, mask_zero=True), KeepsMask(), nn.Dense(1)], seed=2)
    made.compile("mse", "SGD")
    message = r"output 'output' has a mask \(64, 7\), but its loss has one value a sample: a layer before it that joins"
    with pytest.raises(UsageError, match=message):
        made.evaluate(TOKENS, LABELS[:, 0].astype(np.float32), batch_size=64)
