"""Steps over images, held against TensorFlow and against the layer Resizing."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.data.preprocessing import Preprocessing
from netlib.data.steps import images as steps
from netlib.data.steps import step_of
from netlib.nn.layers.resizing import resized
from netlib.spec.errors import UsageError
from netlib.spec.preprocessing.images import CenterCrop, Resize

RNG = np.random.default_rng(0)
INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
LENGTHS = st.integers(1, 40)


def applied(spec: Resize | CenterCrop, values: np.ndarray) -> np.ndarray:
    step = step_of(spec)
    return step.apply(spec, step.fit(spec, values), values)


@settings(max_examples=60)
@given(LENGTHS, LENGTHS, LENGTHS, LENGTHS, st.sampled_from(INTERPOLATIONS), st.booleans())
def test_resizes_as_the_layer_does(height, width, high, wide, interpolation, antialias):
    values = RNG.uniform(0, 255, (2, height, width, 3)).astype(np.float32)
    found = applied(Resize(height=high, width=wide, interpolation=interpolation, antialias=antialias), values)
    expected = resized(tf.constant(values), high, wide, interpolation, antialias=antialias).numpy()
    assert found.dtype == np.float32
    if interpolation == "nearest":
        np.testing.assert_array_equal(found, expected)
    else:
        np.testing.assert_allclose(found, expected, atol=255 * 1e-5)


@settings(max_examples=60)
@given(LENGTHS, LENGTHS, LENGTHS, LENGTHS, st.sampled_from(["nearest", "bilinear"]))
def test_resizes_as_tensorflow_does(height, width, high, wide, interpolation):
    values = RNG.integers(0, 256, (2, height, width, 1), dtype=np.uint8)
    found = applied(Resize(height=high, width=wide, interpolation=interpolation), values)
    expected = tf.image.resize(values, [high, wide], interpolation).numpy()
    assert found.dtype == expected.dtype == (np.uint8 if interpolation == "nearest" else np.float32)
    np.testing.assert_allclose(found, expected, atol=255 * 1e-5)


@settings(max_examples=60)
@given(LENGTHS, LENGTHS, LENGTHS, LENGTHS, st.sampled_from(["bilinear", "lanczos3", "lanczos5"]))
def test_antialiases_as_tensorflow_does(height, width, high, wide, interpolation):
    values = RNG.uniform(0, 1, (1, height, width, 2)).astype(np.float32)
    found = applied(Resize(height=high, width=wide, interpolation=interpolation, antialias=True), values)
    expected = tf.image.resize(values, [high, wide], interpolation, antialias=True).numpy()
    np.testing.assert_allclose(found, expected, atol=2e-5)


def test_photographs_as_tensorflow_does():
    values = RNG.integers(0, 256, (1, 500, 375, 3), dtype=np.uint8)
    for antialias in (False, True):
        found = applied(Resize(height=224, width=224, antialias=antialias), values)
        expected = tf.image.resize(values, [224, 224], antialias=antialias).numpy()
        np.testing.assert_allclose(found, expected, atol=255 * 1e-4)


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_the_same_size_is_the_same_image(interpolation):
    values = RNG.integers(0, 256, (3, 7, 5, 2), dtype=np.uint8)
    found = applied(Resize(height=7, width=5, interpolation=interpolation), values)
    np.testing.assert_allclose(found, values, atol=1e-3)


def test_many_images_are_resized_a_few_at_a_time(monkeypatch):
    values = RNG.integers(0, 256, (11, 6, 5, 3), dtype=np.uint8)
    spec = Resize(height=4, width=9, interpolation="bicubic")
    whole = applied(spec, values)
    monkeypatch.setattr(steps, "TOGETHER", 4 * 6 * 5 * 3)
    np.testing.assert_array_equal(applied(spec, values), whole)
    assert applied(spec, values[:0]).shape == (0, 4, 9, 3)


@given(st.data())
def test_crops_as_keras_does(data):
    height, width = data.draw(LENGTHS), data.draw(LENGTHS)
    high, wide = data.draw(st.integers(1, height)), data.draw(st.integers(1, width))
    values = RNG.integers(0, 256, (2, height, width, 3), dtype=np.uint8)
    found = applied(CenterCrop(size=(high, wide)), values)
    assert found.dtype == np.uint8
    expected = keras.layers.CenterCrop(high, wide)(values.astype(np.float32))
    np.testing.assert_array_equal(found, np.asarray(expected))


def test_images_that_are_too_small_later():
    images = {"image": np.zeros((2, 3, 5, 1))}
    with pytest.raises(UsageError, match="column 'image': CenterCrop cannot cut 4 x 4 pixels out of 3 x 5"):
        Preprocessing.fit({"image": (CenterCrop(size=(4, 4)),)}, images).apply(images)
