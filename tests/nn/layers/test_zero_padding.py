from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib.nn.layers.zero_padding import ZeroPadding1D, ZeroPadding2D, ZeroPadding3D

IMAGE = np.random.default_rng(3).normal(size=(2, 4, 5, 3)).astype("float32")


@pytest.mark.parametrize(
    ("padding", "around"), [(1, ((1, 1), (1, 1))), ([0, 2], ((0, 0), (2, 2))), ([[1, 0], [0, 3]], ((1, 0), (0, 3)))]
)
def test_zeros_stand_around(padding: Any, around: Any) -> None:
    expected = np.pad(IMAGE, ((0, 0), *around, (0, 0)))
    np.testing.assert_array_equal(ZeroPadding2D(padding)(IMAGE), expected)
    np.testing.assert_array_equal(ZeroPadding2D(padding)(IMAGE.astype("uint8")), expected.astype("uint8"))


def test_around_sequences_and_volumes() -> None:
    np.testing.assert_array_equal(ZeroPadding1D((0, 2))(IMAGE[0]), np.pad(IMAGE[0], ((0, 0), (0, 2), (0, 0))))
    sides = ((1, 0), (0, 3), (2, 2))
    np.testing.assert_array_equal(ZeroPadding3D(sides)(IMAGE[None]), np.pad(IMAGE[None], ((0, 0), *sides, (0, 0))))


def test_the_mask_of_a_sequence_leaves_the_zeros_out() -> None:
    made = ZeroPadding1D((1, 2)).compute_mask(tf.zeros((1, 2, 3)), mask=tf.constant([[True, True]]))
    np.testing.assert_array_equal(made, [[False, True, True, False, False]])
    assert ZeroPadding1D().compute_mask(tf.zeros((1, 2, 3))) is None
