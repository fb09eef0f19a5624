from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.nn.layers.erasing import RandomErasing
from netlib.nn.random import forward_pass

IMAGES = tf.fill((400, 20, 30, 2), 0.5)


def trained(layer: Any, images: tf.Tensor = IMAGES) -> np.ndarray:
    with forward_pass(3, 11):
        return layer(images, training=True).numpy()


def erased(made: np.ndarray, images: Any = IMAGES) -> np.ndarray:
    """Which pixels are others: [batch, height, width]."""
    return (made != np.asarray(images)).any(axis=-1)


@settings(max_examples=15)
@given(bounds=st.tuples(st.floats(0.05, 1), st.floats(0.05, 1)).map(sorted))
def test_what_is_erased_is_a_rectangle_within_the_bounds(bounds: list[float]) -> None:
    layer = RandomErasing([1, 1], bounds, fill_value=9)
    places = erased(trained(layer))
    rows, columns = places.any(axis=2), places.any(axis=1)
    np.testing.assert_array_equal(places, rows[:, :, None] & columns[:, None, :])
    for axis, length in ((rows, 20), (columns, 30)):
        sides = axis.sum(axis=1)
        assert (np.abs(np.diff(axis.astype(int), axis=1)).sum(axis=1) <= 2).all()  # in one piece
        assert sides.min() >= np.floor(np.sqrt(bounds[0]) * length)
        assert sides.max() <= np.ceil(np.sqrt(bounds[1]) * length)


@pytest.mark.parametrize(("factor", "share"), [(0, 0), (0.6, 0.3), (1.0, 0.5), ([0.2, 0.4], 0.3), ([1, 1], 1)])
def test_the_share_of_images_that_are_erased(factor: Any, share: float) -> None:
    places = erased(trained(RandomErasing(factor, [0.2, 0.3], fill_value=9)))
    assert abs(places.any(axis=(1, 2)).mean() - share) <= 5 * np.sqrt(share * (1 - share) / 400)


def test_rectangles_are_everywhere() -> None:
    places = erased(trained(RandomErasing([1, 1], [0.2, 0.2], fill_value=9)))
    share = places.mean(axis=0)
    assert (share > 0).any(axis=0).all()
    assert (share > 0).any(axis=1).all()
    # A first and a last row, and what lies between them, are as likely as their mirror images.
    for lengths in (share.mean(axis=0), share.mean(axis=1)):
        np.testing.assert_allclose(lengths, lengths[::-1], atol=0.1)
        assert lengths[0] > 0.005
        assert lengths[-1] > 0.005


@pytest.mark.parametrize(("fill_value", "expected"), [(7, [7, 7]), (300, [255, 255]), ([3, 4], [3, 4]), (-1.5, [0, 0])])
def test_the_colour_is_cut_off_at_the_ends_of_the_range(fill_value: Any, expected: list[float]) -> None:
    made = trained(RandomErasing([1, 1], [0.2, 0.3], fill_value))
    np.testing.assert_array_equal(np.unique(made[erased(made)], axis=0), [expected])


def test_noise_is_normal_and_cut_off() -> None:
    made = trained(RandomErasing([1, 1], [0.5, 0.6], value_range=(-2, 2)))
    noise = made[erased(made)].ravel()
    assert noise.min() == -2
    assert noise.max() == 2
    assert abs((noise == 2).mean() - 0.1587) < 0.01  # beyond one standard deviation, which is 2
    inner = noise[np.abs(noise) < 2]
    assert abs(inner.mean()) < 0.02
    assert abs((np.abs(inner) < 1).mean() - 0.3829 / 0.6827) < 0.01


def test_inference_changes_nothing() -> None:
    np.testing.assert_array_equal(RandomErasing([1, 1])(IMAGES), IMAGES)


def test_no_gradient_comes_from_what_was_erased() -> None:
    layer = RandomErasing([1, 1], [0.3, 0.5])
    images = tf.fill((5, 6, 7, 1), 0.5)
    with forward_pass(3, 11), tf.GradientTape() as tape:
        tape.watch(images)
        made = layer(images, training=True)
    np.testing.assert_array_equal(tape.gradient(made, images)[..., 0], ~erased(made.numpy(), images))
