from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.nn.layers import pooling
from netlib.nn.layers.pooling import AveragePooling2D, AveragePooling3D, MaxPooling2D, MaxPooling3D

IMAGE = tf.reshape(tf.range(9.0), (1, 3, 3, 1))


def test_windows_stay_inside_unless_told() -> None:
    np.testing.assert_array_equal(MaxPooling2D()(IMAGE)[0, :, :, 0], [[4]])
    np.testing.assert_array_equal(AveragePooling2D(2)(IMAGE)[0, :, :, 0], [[2]])


def test_what_lies_outside_does_not_count() -> None:
    np.testing.assert_array_equal(MaxPooling2D(padding="same")(-IMAGE)[0, :, :, 0], [[0, -2], [-6, -8]])
    np.testing.assert_array_equal(AveragePooling2D(2, padding="same")(IMAGE)[0, :, :, 0], [[2, 3.5], [6.5, 8]])


def test_strides() -> None:
    np.testing.assert_array_equal(MaxPooling2D([1, 2], strides=[2, 1])(IMAGE)[0, :, :, 0], [[1, 2], [7, 8]])


sides = st.tuples(st.integers(0, 1), st.integers(0, 1))
steps = st.tuples(st.integers(1, 3), st.integers(1, 3))


def windows(image: Any, size: Any, strides: Any, padding: Any) -> Iterator[tuple[Any, Any]]:
    """Each window of a padded image (height, width), row by row, as slices of it."""
    height, width = (n + sum(side) for n, side in zip(image.shape, padding, strict=True))
    for top in range(0, height - size[0] + 1, strides[0]):
        for left in range(0, width - size[1] + 1, strides[1]):
            yield slice(top, top + size[0]), slice(left, left + size[1])


@settings(max_examples=60)
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
    expected: dict[Any, list[Any]] = {
        MaxPooling2D(**options): [np.nanmax(nothing[window]) for window in windows(image, size, strides, padding)],
        AveragePooling2D(**options): [zeros[window].mean() for window in windows(image, size, strides, padding)],
        AveragePooling2D(**options, count_padding=False): [
            np.nanmean(nothing[window]) for window in windows(image, size, strides, padding)
        ],
    }
    for layer, values in expected.items():
        given = layer(image.astype("float32")[np.newaxis, :, :, np.newaxis])
        np.testing.assert_allclose(tf.reshape(given, [-1]), values, rtol=1e-5, atol=1e-6)


@settings(max_examples=30)
@given(st.integers(1, 3), st.sampled_from(["Max", "Average"]), st.sampled_from(["valid", "same"]), st.data())
def test_values_and_gradients_are_keras_s(count: int, kind: str, padding: str, data: st.DataObject) -> None:
    lengths = data.draw(st.lists(st.integers(3, 6), min_size=count, max_size=count))
    size, strides = (data.draw(st.lists(st.integers(1, 3), min_size=count, max_size=count)) for _ in range(2))
    options = {"pool_size": size, "strides": data.draw(st.sampled_from([None, strides])), "padding": padding}
    name = f"{kind}Pooling{count}D"
    values = np.random.default_rng(3).normal(size=(2, *lengths, 2)).astype("float32")
    ours = with_gradient(getattr(pooling, name)(**options), values)
    theirs = with_gradient(getattr(keras.layers, name)(**options), values)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6)


def with_gradient(layer: Any, values: Any) -> tuple[Any, Any]:
    """What a layer gives, and the gradient of a nonlinear function of that."""
    inputs = tf.constant(values)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = layer(inputs)
        total = tf.reduce_sum(tf.sin(outputs))
    return outputs, tape.gradient(total, inputs)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_of_values_that_tie_one_has_the_gradient(count: int) -> None:
    """So it is in Keras, but for volumes: there each of them has all of it."""
    options = {"pool_size": 3, "strides": 2, "padding": "same"}
    flat = np.zeros((1, *[5] * count, 1), "float32")
    _, ours = with_gradient(getattr(pooling, f"MaxPooling{count}D")(**options), flat)
    _, theirs = with_gradient(getattr(keras.layers, f"MaxPooling{count}D")(**options), flat)
    assert np.sum(ours) == 3**count
    assert np.array_equal(ours, theirs) == (count < 3)


def test_a_row_s_or_a_plane_s_windows_are_those_of_fewer_axes() -> None:
    volume = np.random.default_rng(3).normal(size=(1, 1, 5, 6, 2)).astype("float32")
    for kind in ("Max", "Average"):
        by_axes = [getattr(pooling, f"{kind}Pooling{count}D") for count in (1, 2, 3)]
        options = {"strides": 2, "padding": 1}
        plane = by_axes[1](3, **options)(volume[0])
        given = by_axes[2]((1, 3, 3), strides=(1, 2, 2), padding=[0, 1, 1])(volume)
        np.testing.assert_allclose(given[0], plane, atol=1e-6)
        row = by_axes[0](3, **options)(volume[0, 0])
        given = by_axes[1]((1, 3), strides=(1, 2), padding=[0, 1])(volume[0])
        np.testing.assert_allclose(given[0], row, atol=1e-6)


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
def test_large_windows_in_half_precision(dtype: str) -> None:
    image = np.random.default_rng(3).uniform(10, 30, (1, 64, 64, 1)).astype("float32")
    np.testing.assert_allclose(AveragePooling2D(64, dtype=dtype)(image), [[[[image.mean()]]]], rtol=4e-3)
    volume = image.reshape(1, 16, 16, 16, 1)
    np.testing.assert_allclose(np.ravel(AveragePooling3D(16, dtype=dtype)(volume)), [image.mean()], rtol=4e-3)
    np.testing.assert_allclose(np.ravel(MaxPooling3D(16, dtype=dtype)(volume)), [image.max()], rtol=4e-3)


def test_volumes_in_double_precision() -> None:
    """TensorFlow's own kernels for volumes have none on the CPU."""
    volume = np.random.default_rng(3).normal(size=(2, 4, 6, 2, 3))
    windows = volume.reshape(2, 2, 2, 3, 2, 1, 2, 3)
    for layer, function in ((MaxPooling3D, np.max), (AveragePooling3D, np.mean)):
        given = layer(2, dtype="float64")(volume)
        np.testing.assert_allclose(given, function(windows, axis=(2, 4, 6)), rtol=1e-14)
