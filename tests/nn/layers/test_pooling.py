from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.nn.layer import Layer
from netlib.nn.layers.pooling import (
    AdaptiveAveragePooling2D,
    AveragePooling2D,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    MaxPooling2D,
)

IMAGE = tf.reshape(tf.range(9.0), (1, 3, 3, 1))


def test_windows_stay_inside_unless_told() -> None:
    np.testing.assert_array_equal(MaxPooling2D()(IMAGE)[0, :, :, 0], [[4]])
    np.testing.assert_array_equal(AveragePooling2D(2)(IMAGE)[0, :, :, 0], [[2]])


def test_what_lies_outside_does_not_count() -> None:
    np.testing.assert_array_equal(MaxPooling2D(padding="same")(-IMAGE)[0, :, :, 0], [[0, -2], [-6, -8]])
    np.testing.assert_array_equal(AveragePooling2D(2, padding="same")(IMAGE)[0, :, :, 0], [[2, 3.5], [6.5, 8]])


def test_strides() -> None:
    np.testing.assert_array_equal(MaxPooling2D([1, 2], strides=[2, 1])(IMAGE)[0, :, :, 0], [[1, 2], [7, 8]])


def test_global_average() -> None:
    np.testing.assert_array_equal(GlobalAveragePooling2D()(IMAGE), [[4]])
    np.testing.assert_array_equal(GlobalAveragePooling2D(keepdims=True)(IMAGE), [[[[4]]]])
    np.testing.assert_array_equal(GlobalMaxPooling2D()(IMAGE), [[8]])


sides = st.tuples(st.integers(0, 1), st.integers(0, 1))
steps = st.tuples(st.integers(1, 3), st.integers(1, 3))


def windows(image: Any, size: Any, strides: Any, padding: Any) -> Iterator[tuple[Any, Any]]:
    """Each window of a padded image (height, width), row by row, as slices of it."""
    height, width = (n + sum(side) for n, side in zip(image.shape, padding, strict=True))
    for top in range(0, height - size[0] + 1, strides[0]):
        for left in range(0, width - size[1] + 1, strides[1]):
            yield slice(top, top + size[0]), slice(left, left + size[1])


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(st.integers(3, 6), st.integers(3, 6)),
    st.tuples(st.integers(2, 3), st.integers(2, 3)),
    steps,
    st.tuples(sides, sides),
)
def test_explicit_padding(shape: Any, size: Any, strides: Any, padding: Any) -> None:
    """Window by window in NumPy: padding is nothing to the largest; to the mean zeros, or what is not there."""
    image = np.random.default_rng(5).normal(-2, 1, shape)
    options = {"pool_size": size, "strides": strides, "padding": padding}
    nothing = np.pad(image, padding, constant_values=np.nan)
    zeros = np.pad(image, padding)
    expected = {
        MaxPooling2D(**options): [np.nanmax(nothing[window]) for window in windows(image, size, strides, padding)],
        AveragePooling2D(**options): [zeros[window].mean() for window in windows(image, size, strides, padding)],
        AveragePooling2D(**options, count_padding=False): [
            np.nanmean(nothing[window]) for window in windows(image, size, strides, padding)
        ],
    }
    for layer, values in expected.items():
        given = layer(image.astype("float32")[np.newaxis, :, :, np.newaxis])
        np.testing.assert_allclose(tf.reshape(given, [-1]), values, rtol=1e-5, atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.tuples(st.integers(1, 9), st.integers(1, 9)), st.tuples(st.integers(1, 7), st.integers(1, 7)))
def test_the_parts_of_an_image(shape: Any, size: Any) -> None:
    image = np.random.default_rng(5).normal(size=shape)
    parts = [
        [image[_part(i, shape[0], size[0]), _part(j, shape[1], size[1])].mean() for j in range(size[1])]
        for i in range(size[0])
    ]
    given = AdaptiveAveragePooling2D(size)(image.astype("float32")[np.newaxis, :, :, np.newaxis])
    np.testing.assert_allclose(given[0, :, :, 0], parts, atol=1e-6)


def _part(index: int, length: int, parts: int) -> slice:
    return slice(int(np.floor(index * length / parts)), int(np.ceil((index + 1) * length / parts)))


SEQUENCES = np.float32([[[1, -2], [3, -4], [100, 100]], [[5, -6], [7, 8], [-9, 10]], [[50, 50], [50, 50], [50, 50]]])
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
