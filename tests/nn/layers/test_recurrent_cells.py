"""The gradients of recurrent cells, which are written by hand, against finite differences in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.nn.random import forward_pass

STEP = 1e-5
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "simple": ("SimpleRNN", {}),
    "simple_softplus": ("SimpleRNN", {"activation": "softplus"}),
    "lstm": ("LSTM", {}),
    "lstm_softmax": ("LSTM", {"activation": "softsign", "recurrent_activation": "softmax"}),
    "gru": ("GRU", {}),
    "gru_without_bias": ("GRU", {"use_bias": False, "activation": None}),
    "gru_reset_before": ("GRU", {"reset_after": False}),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("every", [False, True], ids=["last", "every"])
def test_gradients(case: str, every: bool) -> None:
    """By the sequence, the states and the weights, with a mask and with factors on the state."""
    name, parameters = CASES[case]
    layer = getattr(nn, name)(2, **parameters, return_sequences=every, recurrent_dropout=0.4, dtype="float64", seed=3)
    rng = np.random.default_rng(1)
    sequence = tf.constant(rng.normal(size=(2, 3, 2)))
    states = [tf.constant(rng.normal(size=(2, 2))) for _ in layer.spec.states]
    mask = tf.constant([[True, False, True], [True, True, False]])
    layer(sequence, *states)
    weights = list(layer.trainable_variables)
    for weight in weights:
        weight.assign(rng.normal(size=weight.shape))
    read = [sequence, *states]

    def loss(*values: tf.Tensor) -> tf.Tensor:
        with forward_pass(7, 3):
            given = layer(*values, mask=mask, training=True)
        return tf.add_n([tf.reduce_sum(tf.sin(part) * (i + 1.0)) for i, part in enumerate(given.values())])

    with tf.GradientTape() as tape:
        tape.watch(read)
        total = loss(*read)
    by_read, by_weights = tape.gradient(total, (read, weights))
    for place, found in enumerate(by_read):
        way = rng.normal(size=found.shape)
        ends = [loss(*read[:place], read[place] + step * way, *read[place + 1 :]) for step in (STEP, -STEP)]
        need_near(found, way, ends)
    for weight, found in zip(weights, by_weights, strict=True):
        way, before, ends = rng.normal(size=found.shape), weight.numpy(), []
        for step in (STEP, -STEP):
            weight.assign(before + step * way)
            ends.append(loss(*read))
        weight.assign(before)
        need_near(found, way, ends)


def need_near(found: tf.Tensor, way: np.ndarray, ends: list[tf.Tensor]) -> None:
    """The slope in a direction, of the losses a step ahead and a step back."""
    np.testing.assert_allclose(np.sum(found * way), (ends[0] - ends[1]) / (2 * STEP), rtol=1e-6, atol=1e-8)
