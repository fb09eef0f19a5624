from __future__ import annotations

import numpy as np
import tensorflow as tf

from netlib.nn.layers.shaping import Flatten, Permute, RepeatVector, Reshape, UpSampling2D

VALUES = tf.reshape(tf.range(24), (2, 3, 4))


def test_elements_stay_in_order() -> None:
    np.testing.assert_array_equal(Flatten()(VALUES), np.arange(24).reshape(2, 12))
    np.testing.assert_array_equal(Reshape([2, -1])(VALUES), np.arange(24).reshape(2, 2, 6))
    np.testing.assert_array_equal(Reshape([])(tf.ones((5, 1))), np.ones(5))


def test_unknown_lengths() -> None:
    signature = [tf.TensorSpec((None, None, 4), tf.int32)]
    flat = tf.function(lambda values: Flatten()(values), input_signature=signature, autograph=False)
    pairs = tf.function(lambda values: Reshape([-1, 2])(values), input_signature=signature, autograph=False)
    np.testing.assert_array_equal(flat(VALUES), np.arange(24).reshape(2, 12))
    np.testing.assert_array_equal(pairs(VALUES), np.arange(24).reshape(2, 6, 2))


def test_an_empty_batch() -> None:
    assert Flatten()(VALUES[:0]).shape == (0, 12)
    assert Reshape([12, -1])(VALUES[:0]).shape == (0, 12, 1)


def test_axes_are_exchanged() -> None:
    np.testing.assert_array_equal(Permute([2, 1])(VALUES), np.transpose(np.arange(24).reshape(2, 3, 4), (0, 2, 1)))


def test_a_vector_is_repeated() -> None:
    np.testing.assert_array_equal(RepeatVector(2)(VALUES[0]), np.stack([np.arange(12).reshape(3, 4)] * 2, axis=1))


def test_each_pixel_is_repeated() -> None:
    image = tf.reshape([1.0, 2.0, 3.0, 4.0], (1, 2, 2, 1))
    np.testing.assert_array_equal(UpSampling2D([2, 1])(image)[0, :, :, 0], [[1, 2], [1, 2], [3, 4], [3, 4]])


def test_between_pixels_it_is_linear() -> None:
    ramp = tf.reshape(tf.range(5.0), (1, 1, 5, 1))
    made = UpSampling2D([1, 4], interpolation="bilinear")(ramp)[0, 0, :, 0]
    # The centre of pixel i lies at i + 1/2; beyond the outermost centres nothing changes.
    expected = np.clip((np.arange(20) + 0.5) / 4 - 0.5, 0, 4)
    np.testing.assert_allclose(made, expected, atol=1e-6)
