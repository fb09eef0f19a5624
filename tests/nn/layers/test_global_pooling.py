from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.nn.layers import global_pooling
from netlib.nn.layers.global_pooling import (
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
)

IMAGE = tf.reshape(tf.range(9.0), (1, 3, 3, 1))


def test_global_average() -> None:
    np.testing.assert_array_equal(GlobalAveragePooling2D()(IMAGE), [[4]])
    np.testing.assert_array_equal(GlobalAveragePooling2D(keepdims=True)(IMAGE), [[[[4]]]])
    np.testing.assert_array_equal(GlobalMaxPooling2D()(IMAGE), [[8]])


SEQUENCES = np.array([[[1, -2], [3, -4], [100, 100]], [[5, -6], [7, 8], [-9, 10]], [[50, 50]] * 3], "float32")
MASK = tf.constant([[True, True, False], [True, True, True], [False, False, False]])


@pytest.mark.parametrize("keepdims", [False, True])
def test_the_mean_over_what_the_mask_leaves_is_keras_s(keepdims: bool) -> None:
    theirs = keras.layers.GlobalAveragePooling1D(keepdims=keepdims)(SEQUENCES, mask=MASK)
    ours = GlobalAveragePooling1D(keepdims=keepdims)(SEQUENCES, mask=MASK)
    np.testing.assert_allclose(ours[:2], theirs[:2], rtol=1e-6)
    np.testing.assert_array_equal(ours[2], np.zeros_like(ours[2]))  # 0 / 0 in Keras


def test_the_largest_of_what_the_mask_leaves() -> None:
    np.testing.assert_array_equal(GlobalMaxPooling1D()(SEQUENCES, mask=MASK), [[3, -2], [7, 10], [0, 0]])
    np.testing.assert_array_equal(GlobalMaxPooling1D()(SEQUENCES), [[100, 100], [7, 10], [50, 50]])


@pytest.mark.parametrize("layer", [GlobalAveragePooling1D(), GlobalMaxPooling1D()])
def test_what_is_left_out_gets_no_gradient(layer: Layer[Any]) -> None:
    inputs = tf.constant(SEQUENCES)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        total = tf.reduce_sum(layer(inputs, mask=MASK) ** 2)
    gradient = tape.gradient(total, inputs)
    assert np.all(np.isfinite(gradient))
    np.testing.assert_array_equal(tf.boolean_mask(gradient, ~MASK), np.zeros((4, 2)))
    assert np.all(np.any(np.asarray(gradient)[:2] != 0, axis=(1, 2)))


def test_many_places_are_counted_exactly_in_half_precision() -> None:
    ones = tf.ones([1, 999, 1])
    for dtype in ("mixed_bfloat16", "mixed_float16"):
        np.testing.assert_array_equal(GlobalAveragePooling1D(dtype=dtype)(ones, mask=ones[..., 0] > 0), [[1]])


def test_infinity_is_the_largest_where_nothing_else_is_real() -> None:
    values, mask = tf.constant([[[-np.inf], [3.0]]]), tf.constant([[True, False]])
    np.testing.assert_array_equal(GlobalMaxPooling1D()(values, mask=mask), [[-np.inf]])


@pytest.mark.parametrize("name", ["GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D"])
def test_the_sum_of_many_places_does_not_overflow(name: str) -> None:
    shape = (1, *{1: (4096,), 2: (64, 64), 3: (16, 16, 16)}[int(name[-2])], 1)
    layer = getattr(global_pooling, name)(dtype="mixed_float16")
    np.testing.assert_array_equal(layer(tf.fill(shape, 100.0)), [[100]])


@pytest.mark.parametrize("name", ["GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D"])
def test_places_that_tie_share_the_gradient_as_in_keras(name: str) -> None:
    values = tf.zeros((1, *[2] * int(name[-2]), 1))
    gradients = []
    for layer in (getattr(global_pooling, name)(), getattr(keras.layers, name)()):
        with tf.GradientTape() as tape:
            tape.watch(values)
            total = tf.reduce_sum(layer(values))
        gradients.append(tape.gradient(total, values))
    np.testing.assert_array_equal(*gradients)
    assert float(tf.reduce_sum(gradients[0])) == 1
