"""GaussianNoise and GaussianDropout: means, variances, and the same numbers in every execution."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.nn.layer import Layer
from netlib.nn.random import forward_pass

MAKE: dict[str, Any] = {
    "noise": lambda **options: nn.GaussianNoise(0.7, path="a", **options),
    "dropout": lambda **options: nn.GaussianDropout(0.4, path="a", **options),
}
EACH = pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
TWOS = tf.fill((400, 100), 2.0)


def trained(layer: Layer[Any], inputs: tf.Tensor, step: int = 1, first_row: int = 0) -> np.ndarray:
    with forward_pass(3, step, first_row):
        return np.asarray(tf.cast(layer(inputs, training=True), tf.float32))


@EACH
def test_mean_variance_and_shape(make: Any) -> None:
    """Within five standard deviations of the mean and variance of 40,000 normal numbers."""
    noise = trained(make(), TWOS) - 2.0
    stddev = 0.7 if isinstance(make(), nn.GaussianNoise) else 2.0 * np.sqrt(0.4 / 0.6)
    assert abs(noise.mean()) < 5 * stddev / 200
    assert abs(noise.var() / stddev**2 - 1) < 5 * np.sqrt(2) / 200
    standard = noise / stddev
    assert abs((standard**3).mean()) < 5 * np.sqrt(15) / 200
    assert abs((standard**4).mean() - 3) < 5 * np.sqrt(96) / 200
    assert np.unique(noise).size > 0.99 * noise.size


@EACH
def test_values_are_disturbed_independently(make: Any) -> None:
    noise = trained(make(), TWOS)
    noise = (noise - noise.mean()) / noise.std()
    for correlation in ((noise[:, 1:] * noise[:, :-1]).mean(), (noise[1:] * noise[:-1]).mean()):
        assert abs(correlation) < 5 / 199


def test_dropout_multiplies_and_noise_adds() -> None:
    for make, expected in ((MAKE["noise"], 0.0), (MAKE["dropout"], 1.0)):
        layer = make()
        one, three = (trained(layer, tf.fill((5, 4), value)) for value in (1.0, 3.0))
        np.testing.assert_allclose(three - 2.0 - one if expected == 0.0 else three / one - 2.0, expected, atol=1e-6)


@EACH
def test_the_gradient(make: Any) -> None:
    layer, x = make(), tf.ones((4, 3))
    with forward_pass(3, 1), tf.GradientTape() as tape:
        tape.watch(x)
        output = layer(x, training=True)
    gradient = tape.gradient(output, x)
    np.testing.assert_array_equal(gradient, output if isinstance(layer, nn.GaussianDropout) else np.ones((4, 3)))


def test_nothing_at_inference_nor_without_noise() -> None:
    for layer in (nn.GaussianNoise(0.5), nn.GaussianDropout(0.5)):
        np.testing.assert_array_equal(layer(TWOS), TWOS)
    for layer in (nn.GaussianNoise(0), nn.GaussianDropout(0)):
        np.testing.assert_array_equal(layer(TWOS, training=True), TWOS)


@EACH
@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_the_same_numbers_in_every_execution_and_micro_batch(make: Any, dtype: str) -> None:
    layer, x = make(dtype=dtype), tf.constant(np.random.default_rng(1).normal(size=(9, 7)), tf.float32)
    whole = trained(layer, x)

    def run(x: tf.Tensor) -> tf.Tensor:
        with forward_pass(3, 1):
            return layer(x, training=True)

    for jit_compile in (False, True):
        compiled = tf.function(run, jit_compile=jit_compile, autograph=False)(x)
        np.testing.assert_array_equal(tf.cast(compiled, tf.float32), whole)
    np.testing.assert_array_equal(trained(layer, x[4:], first_row=4), whole[4:])
    assert np.any(trained(layer, x, step=2) != whole)
