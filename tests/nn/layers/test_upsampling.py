from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from netlib.nn.layers.upsampling import UpSampling1D, UpSampling2D, UpSampling3D


def test_each_pixel_is_repeated() -> None:
    image = tf.reshape([1.0, 2.0, 3.0, 4.0], (1, 2, 2, 1))
    np.testing.assert_array_equal(UpSampling2D([2, 1])(image)[0, :, :, 0], [[1, 2], [1, 2], [3, 4], [3, 4]])


def test_between_pixels_it_is_linear() -> None:
    ramp = tf.reshape(tf.range(5.0), (1, 1, 5, 1))
    made = UpSampling2D([1, 4], interpolation="bilinear")(ramp)[0, 0, :, 0]
    # The centre of pixel i lies at i + 1/2; beyond the outermost centres nothing changes.
    expected = np.clip((np.arange(20) + 0.5) / 4 - 0.5, 0, 4)
    np.testing.assert_allclose(made, expected, atol=1e-6)


def test_sequences_and_volumes_of_any_dtype() -> None:
    np.testing.assert_array_equal(UpSampling1D(2)(tf.constant([[[1], [2]]], tf.uint8)), [[[1], [1], [2], [2]]])
    volume = np.arange(8).reshape(1, 2, 2, 2, 1)
    given = UpSampling3D((1, 3, 2))(volume)
    np.testing.assert_array_equal(given, volume.repeat(3, axis=2).repeat(2, axis=3))


def test_its_mask_is_repeated_too() -> None:
    made = UpSampling1D(3).compute_mask(tf.zeros((1, 2, 1)), mask=tf.constant([[True, False]]))
    np.testing.assert_array_equal(made, [[True, True, True, False, False, False]])
    assert UpSampling1D(3).compute_mask(tf.zeros((1, 2, 1))) is None


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic", "lanczos3", "lanczos5"])
def test_what_is_the_same_everywhere_stays_so(interpolation: str) -> None:
    flat = UpSampling2D(3, interpolation=interpolation)(tf.fill((1, 4, 5, 2), 7.0))
    np.testing.assert_allclose(flat, np.full((1, 12, 15, 2), 7.0), rtol=1e-6)
