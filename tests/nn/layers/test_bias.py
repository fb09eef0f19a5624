from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from netlib.nn.layers.bias import biased
from netlib.nn.layers.convolution import Conv2D


@pytest.mark.parametrize("shape", [(7, 3), (2, 5, 3), (2, 4, 5, 3), (2, 3, 2, 2, 3)])
@pytest.mark.parametrize("compiled", [False, True])
def test_each_channel_has_its_number_and_the_sum_of_its_gradients(shape: tuple[int, ...], compiled: bool) -> None:
    random = np.random.default_rng(1)
    values, factors = (tf.constant(random.normal(size=shape), tf.float64) for _ in range(2))
    bias = tf.constant(random.normal(size=3))

    @tf.function(jit_compile=compiled, autograph=False)
    def run(values: tf.Tensor, bias: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
        with tf.GradientTape() as tape:
            tape.watch([values, bias])
            outputs = biased(values, bias)
            loss = tf.reduce_sum(outputs * factors)
        return outputs, tape.gradient(loss, [values, bias])

    outputs, (of_values, of_bias) = run(values, bias)
    np.testing.assert_array_equal(outputs, values.numpy() + bias.numpy())
    np.testing.assert_array_equal(of_values, factors)
    np.testing.assert_allclose(of_bias, factors.numpy().sum(axis=tuple(range(len(shape) - 1))), rtol=1e-12)


def test_it_has_second_derivatives() -> None:
    values, bias = tf.constant([[[1.0, 2.0], [3.0, 4.0]]]), tf.constant([0.5, -1.0])
    with tf.GradientTape() as outer:
        outer.watch([values, bias])
        with tf.GradientTape() as inner:
            inner.watch(bias)
            loss = tf.reduce_sum(biased(values, bias) ** 3)
        first = inner.gradient(loss, bias)  # of each channel 3 * sum (value + bias)^2
    of_values, of_bias = outer.gradient(first, [values, bias])
    sums = values.numpy() + bias.numpy()
    np.testing.assert_allclose(first, 3 * (sums**2).sum(axis=(0, 1)))
    np.testing.assert_allclose(of_values, 6 * sums)
    np.testing.assert_allclose(of_bias, 6 * sums.sum(axis=(0, 1)))


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_many_gradients_of_narrow_numbers_are_added_up_in_full(dtype: str) -> None:
    bias = tf.zeros([1], dtype)
    with tf.GradientTape() as tape:
        tape.watch(bias)
        outputs = biased(tf.zeros([4096, 1], dtype), bias)
    np.testing.assert_array_equal(tape.gradient(outputs, bias), [4096])  # added up in bfloat16, ones stop at 256


def test_lengths_may_be_unknown_and_the_convolution_keeps_its_gradient() -> None:
    layer = Conv2D(filters=4, kernel_size=3, activation="relu", seed=1)
    images = tf.constant(np.random.default_rng(3).normal(size=(2, 6, 5, 2)), tf.float32)
    layer(images)

    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 2])], autograph=False)
    def run(images: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.sin(layer(images)))
        return tape.gradient(loss, layer.bias)

    with tf.GradientTape() as tape:
        plain = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(images, layer.kernel, 1, "VALID"), layer.bias))
        loss = tf.reduce_sum(tf.sin(plain))
    np.testing.assert_allclose(run(images), tape.gradient(loss, layer.bias), rtol=1e-5)
