from __future__ import annotations

import numpy as np
import tensorflow as tf

from netlib.nn.layers.cropping import Cropping1D, Cropping2D, Cropping3D

VOLUME = np.arange(2 * 4 * 5 * 6 * 2).reshape(2, 4, 5, 6, 2)


def test_what_is_left() -> None:
    np.testing.assert_array_equal(Cropping1D((1, 0))(VOLUME[0, 0]), VOLUME[0, 0, :, 1:])
    np.testing.assert_array_equal(Cropping2D()(VOLUME[0]), VOLUME[0])
    np.testing.assert_array_equal(Cropping2D((1, 2))(VOLUME[0]), VOLUME[0, :, 1:-1, 2:-2])
    np.testing.assert_array_equal(Cropping3D(((0, 1), (2, 0), (1, 3)))(VOLUME), VOLUME[:, :-1, 2:, 1:-3])


def test_the_mask_of_a_sequence_is_cut_too() -> None:
    made = Cropping1D((1, 0)).compute_mask(tf.zeros((1, 3, 1)), mask=tf.constant([[False, True, False]]))
    np.testing.assert_array_equal(made, [[True, False]])
    assert Cropping1D().compute_mask(tf.zeros((1, 3, 1))) is None
