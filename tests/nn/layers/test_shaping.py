from __future__ import annotations

import numpy as np
import tensorflow as tf

from netlib.nn.layers.shaping import Flatten, Permute, RepeatVector, Reshape

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
