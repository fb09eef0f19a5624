from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.nn.layers.photometric import RandomBrightness, RandomContrast
from netlib.nn.random import forward_pass, uniform

IMAGES = tf.constant(np.random.default_rng(5).uniform(size=(50, 4, 5, 3)), tf.float32)
SHARE = st.floats(0, 1, width=32)


def trained(layer: Any, images: tf.Tensor = IMAGES) -> np.ndarray:
    with forward_pass(3, 11):
        return layer(images, training=True).numpy()


def drawn(layer: Any) -> np.ndarray:
    """The numbers that `trained` draws for the layer."""
    with forward_pass(3, 11):
        return uniform("augmentation", layer.path, (50, 1)).numpy()[:, :, None, None]


@settings(max_examples=15)
@given(bounds=st.tuples(SHARE, SHARE).map(sorted), signs=st.sampled_from([(-1, 1), (1, 1), (-1, -1)]))
def test_brightness_adds_a_share_of_the_range(bounds: list[float], signs: tuple[int, int]) -> None:
    factor = sorted(sign * bound for sign, bound in zip(signs, bounds, strict=True))
    layer = RandomBrightness(factor, (-1, 2))
    share = factor[0] + (factor[1] - factor[0]) * drawn(layer)
    expected = np.clip(IMAGES + share * 3, -1, 2)
    np.testing.assert_allclose(trained(layer), expected, atol=1e-6)
    theirs = keras.layers.RandomBrightness(factor, (-1, 2)).transform_images(IMAGES, {"rgb_delta": share * 3})
    np.testing.assert_allclose(trained(layer), theirs, atol=1e-6)


@settings(max_examples=15)
@given(lower=SHARE, upper=SHARE)
def test_contrast_moves_values_away_from_the_mean_of_a_channel(lower: float, upper: float) -> None:
    layer = RandomContrast((lower, upper), (0.1, 0.9))
    factor = 1 - lower + (lower + upper) * drawn(layer)
    mean = np.mean(IMAGES, axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(trained(layer), np.clip((IMAGES - mean) * factor + mean, 0.1, 0.9), atol=1e-6)
    theirs = keras.layers.RandomContrast((lower, upper), (0.1, 0.9))
    expected = theirs.transform_images(IMAGES, {"contrast_factor": tf.constant(factor, tf.float32)})
    np.testing.assert_allclose(trained(layer), expected, atol=1e-6)


def test_a_contrast_of_one_number_goes_both_ways() -> None:
    """As Keras's documentation says; its layer (3.15) only goes up."""
    layer = RandomContrast(0.4, (-9, 9))
    factors = np.std(trained(layer), axis=(1, 2)) / np.std(IMAGES, axis=(1, 2))
    assert 0.6 - 1e-5 <= factors.min() < 0.65
    assert 1.35 < factors.max() <= 1.4 + 1e-5


@pytest.mark.parametrize("layer", [RandomBrightness(0.5), RandomContrast(0.5)], ids=["brightness", "contrast"])
def test_inference_changes_nothing(layer: Any) -> None:
    np.testing.assert_array_equal(layer(IMAGES * 900 - 300), IMAGES * 900 - 300)


@pytest.mark.parametrize("factor", [-1.0, 1.0])
def test_a_brightness_of_one_is_white_and_of_minus_one_black(factor: float) -> None:
    made = trained(RandomBrightness([factor, factor], (0, 1)))
    np.testing.assert_array_equal(made, np.full_like(made, max(factor, 0)))
