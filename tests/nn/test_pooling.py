from __future__ import annotations

import numpy as np
import tensorflow as tf

from netlib.nn.pooling import AveragePooling2D, GlobalAveragePooling2D, MaxPooling2D

IMAGE = tf.reshape(tf.range(9.0), (1, 3, 3, 1))


def test_windows_stay_inside_unless_told() -> None:
    np.testing.assert_array_equal(MaxPooling2D()(IMAGE)[0, :, :, 0], [[4]])
    np.testing.assert_array_equal(AveragePooling2D(2)(IMAGE)[0, :, :, 0], [[2]])


def test_what_lies_outside_does_not_count() -> None:
    np.testing.assert_array_equal(MaxPooling2D(padding="same")(-IMAGE)[0, :, :, 0], [[0, -2], [-6, -8]])
    np.testing.assert_array_equal(AveragePooling2D(2, padding="same")(IMAGE)[0, :, :, 0], [[2, 3.5], [6.5, 8]])


def test_strides() -> None:
    np.testing.assert_array_equal(MaxPooling2D([1, 2], strides=[2, 1])(IMAGE)[0, :, :, 0], [[1, 2], [7, 8]])


def test_global_average() -> None:
    np.testing.assert_array_equal(GlobalAveragePooling2D()(IMAGE), [[4]])
    np.testing.assert_array_equal(GlobalAveragePooling2D(keepdims=True)(IMAGE), [[[[4]]]])
