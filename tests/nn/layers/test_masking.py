from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.nn.layers.masking import Masking

VALUES = np.float32([[[1, 2], [0, 5], [0, 0]], [[3, 3], [4, 0], [7, 7]]])


@pytest.mark.parametrize("value", [0.0, 7.0, 3.0])
def test_it_is_keras_s(value: float) -> None:
    ours, theirs = Masking(value), keras.layers.Masking(value)
    np.testing.assert_array_equal(ours(VALUES), theirs(VALUES))
    np.testing.assert_array_equal(ours.compute_mask(VALUES), theirs.compute_mask(VALUES))


def test_a_picture_is_left_out_as_a_whole() -> None:
    video = tf.reshape(VALUES, (2, 3, 1, 2, 1))
    np.testing.assert_array_equal(Masking().compute_mask(video), [[True, True, False], [True, True, True]])
    np.testing.assert_array_equal(Masking(7)(video)[1, 2], np.zeros((1, 2, 1)))


def test_what_was_left_out_before_stays_so() -> None:
    before = tf.constant([[False, True, True], [True, True, True]])
    expected = [[False, True, False], [True, True, True]]
    np.testing.assert_array_equal(Masking().compute_mask(VALUES, mask=before), expected)


def test_what_is_not_a_number_is_left_out_with_its_gradient() -> None:
    values = tf.constant([[[np.nan, 1.0], [2.0, 3.0]]])
    layer = Masking()
    assert np.isnan(layer(values)[0, 0, 0])  # it is a value like any other
    with tf.GradientTape() as tape:
        inputs = tf.constant(VALUES)
        tape.watch(inputs)
        total = tf.reduce_sum(1 / (layer(inputs) + 1))
    assert np.all(np.isfinite(tape.gradient(total, inputs)))


def test_its_mask_reaches_the_layers_behind() -> None:
    network = nn.Sequential([Masking(), "GlobalAveragePooling1D"])
    np.testing.assert_allclose(network(VALUES), [[0.5, 3.5], [14 / 3, 10 / 3]], rtol=1e-6)
