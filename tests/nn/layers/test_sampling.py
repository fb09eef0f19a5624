from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.nn.layers.sampling import pixels, warped

MODES = ("reflect", "wrap", "nearest", "constant")
PAD = {"reflect": "symmetric", "wrap": "wrap", "nearest": "edge", "constant": "constant"}
IMAGES = tf.constant(np.random.default_rng(3).normal(size=(3, 6, 7, 2)), tf.float32)


def shifted(images: tf.Tensor, right: float, down: float, mode: str, interpolation: str = "bilinear") -> np.ndarray:
    matrix = tf.constant([[1.0, 0.0, -right, 0.0, 1.0, -down]] * images.shape[0], tf.float64)
    return warped(images, matrix, tf.constant(0.5), mode, interpolation).numpy()


def padded(images: Any, by: int, mode: str) -> np.ndarray:
    """NumPy's idea of what lies outside."""
    around = [(0, 0), (by, by), (by, by), (0, 0)]
    options = {"constant_values": 0.5} if mode == "constant" else {}
    return np.pad(images, around, PAD[mode], **options)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
@pytest.mark.parametrize("mode", MODES)
def test_whole_places_outside_are_those_of_numpy(mode: str, interpolation: str) -> None:
    large = padded(IMAGES, 20, mode)
    for right, down in [(0, 0), (1, -2), (-3, 5), (9, -11), (20, 19)]:
        expected = large[:, 20 - down : 26 - down, 20 - right : 27 - right]
        np.testing.assert_array_equal(shifted(IMAGES, right, down, mode, interpolation), expected)


@pytest.mark.parametrize("mode", MODES)
def test_a_half_is_the_mean_of_two_neighbours(mode: str) -> None:
    large = padded(IMAGES, 1, mode)
    expected = (large[:, 1:-1, :-2] + large[:, 1:-1, 1:-1]) / 2
    np.testing.assert_allclose(shifted(IMAGES, 0.5, 0, mode), expected, atol=1e-6)


NUMBER = st.floats(-2, 2, width=32)


@settings(max_examples=30)
@given(
    matrix=st.lists(NUMBER, min_size=6, max_size=6),
    mode=st.sampled_from(["reflect", "nearest", "constant"]),
    interpolation=st.sampled_from(["nearest", "bilinear"]),
)
def test_any_matrix_gives_what_keras_gives(matrix: list[float], mode: str, interpolation: str) -> None:
    """TensorFlow's `wrap` does not join the two ends, and goes wrong two images away."""
    off_ties = [each + 0.0137 * (place in (2, 5)) for place, each in enumerate(matrix)]
    ours = warped(IMAGES, tf.constant([off_ties] * 3, tf.float64), tf.constant(0.5), mode, interpolation)
    transform = tf.constant([[*off_ties, 0.0, 0.0]] * 3, tf.float32)
    theirs = keras.ops.image.affine_transform(IMAGES, transform, interpolation, mode, 0.5)
    close = np.isclose(ours, theirs, atol=3e-5)
    if interpolation == "bilinear":
        assert close.all()
    else:  # a place within rounding of the middle between two pixels may go to either
        assert close.mean() > 0.95


def test_the_gradient_reaches_the_pixels_that_were_read() -> None:
    matrix = tf.constant([[1.0, 0.0, -2.25, 0.0, 1.0, 0.0]], tf.float64)
    images = tf.ones((1, 1, 5, 1))
    with tf.GradientTape() as tape:
        tape.watch(images)
        total = tf.reduce_sum(warped(images, matrix, tf.constant(0.0), "constant", "bilinear"))
    np.testing.assert_allclose(tape.gradient(total, images)[0, 0, :, 0], [1, 1, 0.75, 0, 0])


def test_pixels_are_those_of_each_image() -> None:
    rows, columns = tf.constant([[0, 5], [1, 2], [3, 3]]), tf.constant([[6, 0], [1, 1], [4, 5]])
    found = pixels(IMAGES, rows, columns).numpy()
    for image in range(3):
        for place in range(2):
            np.testing.assert_array_equal(found[image, place], IMAGES[image, rows[image, place], columns[image, place]])
