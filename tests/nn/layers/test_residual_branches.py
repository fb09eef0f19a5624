"""StochasticDepth and LayerScale in closed form."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.nn.random import forward_pass

ONES = tf.ones((2000, 2, 3))


def trained(layer: nn.StochasticDepth, inputs: tf.Tensor, step: int = 1, first_row: int = 0) -> np.ndarray:
    with forward_pass(3, step, first_row):
        return np.asarray(layer(inputs, training=True))


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_whole_samples_are_dropped_and_the_others_scaled_up(rate: float) -> None:
    output = trained(nn.StochasticDepth(rate), ONES)
    np.testing.assert_array_equal(output, np.broadcast_to(output[:, :1, :1], output.shape))
    of_samples = output[:, 0, 0]
    assert set(np.unique(of_samples)) == {0.0, np.float32(1 / (1 - rate))}
    # Five standard deviations of a binomial share of 2,000.
    assert abs(np.mean(of_samples == 0) - rate) < 5 * np.sqrt(rate * (1 - rate) / 2000)
    neighbours = np.mean((of_samples[1:] == 0) & (of_samples[:-1] == 0))
    assert abs(neighbours - rate**2) < 5 * rate / np.sqrt(2000)


def test_inference_and_rate_zero_change_nothing() -> None:
    np.testing.assert_array_equal(nn.StochasticDepth(0.5)(ONES), ONES)
    np.testing.assert_array_equal(nn.StochasticDepth(0)(ONES, training=True), ONES)


def test_a_dropped_sample_gives_no_gradient_and_does_not_spoil_it() -> None:
    layer, values = nn.StochasticDepth(0.5), tf.fill((20, 3), np.inf)
    with forward_pass(1, 1), tf.GradientTape() as tape:
        tape.watch(values)
        output = layer(values, training=True)
    np.testing.assert_array_equal(tape.gradient(output, values), np.where(output == 0, 0.0, 2.0))


def test_the_same_samples_in_every_execution_micro_batch_and_rank() -> None:
    layer = nn.StochasticDepth(0.5, path="a")
    whole = trained(layer, ONES)

    def run(values: tf.Tensor) -> tf.Tensor:
        with forward_pass(3, 1):
            return layer(values, training=True)

    signature = [tf.TensorSpec([None, None, 3])]
    for options in ({}, {"jit_compile": True}, {"input_signature": signature}):
        np.testing.assert_array_equal(tf.function(run, autograph=False, **options)(ONES), whole)
    np.testing.assert_array_equal(trained(layer, ONES[70:], first_row=70), whole[70:])
    np.testing.assert_array_equal(trained(layer, ONES[:, 0, 0]), whole[:, 0, 0])
    assert np.any(trained(layer, ONES, step=2) != whole)


@pytest.mark.parametrize("value", [1e-6, 0.5])
def test_a_factor_for_each_channel(value: float) -> None:
    layer, x = nn.LayerScale(value), np.random.default_rng(1).normal(size=(2, 3, 4)).astype(np.float32)
    np.testing.assert_allclose(layer(x), x * np.float32(value), rtol=1e-6)
    assert [(each.path, each.variable.shape, each.trainable) for each in layer.named_variables()] == [
        ("gamma", (4,), True)
    ]
    factors = np.array([1.0, -2.0, 0.0, 0.5], np.float32)
    layer.gamma.assign(factors)
    np.testing.assert_array_equal(layer(x), x * factors)


def test_it_begins_as_in_cait() -> None:
    layer = nn.LayerScale()
    layer(tf.ones([1, 4]))
    np.testing.assert_array_equal(layer.gamma, np.full(4, 1e-5, np.float32))


def test_a_factor_below_what_float16_holds() -> None:
    """1e-8 is 0 in float16, and 0.001 is 100,000 times it."""
    layer = nn.LayerScale(1e-8, dtype="mixed_float16")
    np.testing.assert_allclose(tf.cast(layer(tf.fill([1, 2], 60_000.0)), tf.float32), np.full((1, 2), 6e-4), rtol=1e-2)
