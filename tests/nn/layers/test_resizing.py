from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.nn.layers.resizing import Resizing

lengths = st.integers(2, 9)


@settings(max_examples=30)
@given(
    st.tuples(lengths, lengths),
    st.tuples(lengths, lengths),
    st.sampled_from(["nearest", "bilinear", "lanczos3", "lanczos5", "bicubic"]),
    st.booleans(),
    st.sampled_from([{}, {"crop_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True, "fill_value": 2.0}]),
)
def test_pixels_are_keras_s(shape: Any, size: Any, interpolation: str, antialias: bool, proportions: Any) -> None:
    images = np.random.default_rng(3).normal(size=(2, *shape, 3)).astype("float32")
    options = {"interpolation": interpolation, "antialias": antialias, **proportions}
    ours, theirs = (cls(*size, **options)(images) for cls in (Resizing, keras.layers.Resizing))
    # Keras's bicubic alone reads its weights from a table of 1024 steps.
    np.testing.assert_allclose(ours, theirs, atol=6e-3 if interpolation == "bicubic" and not antialias else 2e-5)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"])
@pytest.mark.parametrize("antialias", [False, True])
def test_what_is_the_same_everywhere_stays_so(interpolation: str, antialias: bool) -> None:
    layer = Resizing(5, 9, interpolation, antialias=antialias)
    np.testing.assert_allclose(layer(tf.fill((1, 11, 4, 2), 7.0)), np.full((1, 5, 9, 2), 7.0), rtol=1e-6)


def test_a_cubic_curve_goes_through_a_parabola() -> None:
    """Keys's kernel repeats polynomials of the second degree, away from the borders."""
    row = tf.reshape(tf.range(12.0) ** 2, (1, 1, 12, 1))
    centres = (np.arange(30) + 0.5) * 12 / 30 - 0.5
    made = np.ravel(Resizing(1, 30, "bicubic")(row))
    inside = (centres >= 1) & (centres <= 10)
    np.testing.assert_allclose(made[inside], centres[inside] ** 2, rtol=1e-4)


def test_integers_are_rounded_and_stay_in_their_range() -> None:
    image = tf.reshape(tf.constant([0, 255, 255, 0, 255], tf.uint8), (1, 1, 5, 1))
    made = Resizing(1, 10, "bicubic")(image)
    assert made.dtype == tf.uint8
    np.testing.assert_array_equal(made, keras.layers.Resizing(1, 10, "bicubic")(image))
    large = tf.fill((1, 2, 2, 1), 2**24 + 1)
    np.testing.assert_array_equal(Resizing(3, 3, "nearest")(large), np.full((1, 3, 3, 1), 2**24 + 1))
