from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.nn.layers.parting import Split

VALUES = np.arange(24).reshape(2, 4, 3)


@pytest.mark.parametrize(
    ("parts", "axis", "cuts"),
    [(2, 1, [2]), (3, -1, [1, 2]), ([1, 3], 1, [1]), ([1, -1, 1], -2, [1, 3]), ([-1, 2], 2, [1])],
)
def test_the_parts(parts: Any, axis: int, cuts: list[int]) -> None:
    given = Split(parts, axis)(VALUES)
    expected = np.split(VALUES, cuts, axis)
    assert list(given) == [str(place) for place in range(len(expected))]
    for one, other in zip(given.values(), expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_parts_are_ports_of_a_network() -> None:
    nodes = [
        {"Split": [1, -1], "name": "parts"},
        {"Multiply": None, "from": ["parts.0", "parts.1"], "name": "product"},
        {"Add": None, "from": ["parts", "product"]},
    ]
    network = nn.Network(nodes)
    np.testing.assert_array_equal(network(tf.constant([[3.0, 5.0, 7.0]])), [[18, 24]])


def test_the_mask_is_cut_along_time_alone() -> None:
    mask = tf.constant([[True, False, True, True]] * 2)
    by_time, by_feature = Split([1, -1], axis=1), Split(3)
    found = by_time.masks_by_port([tf.constant(VALUES)], by_time(VALUES), mask)
    np.testing.assert_array_equal(found["0"], [[True]] * 2)
    np.testing.assert_array_equal(found["1"], [[False, True, True]] * 2)
    np.testing.assert_array_equal(by_time.compute_mask(tf.constant(VALUES), mask=mask), found["0"])
    found = by_feature.masks_by_port([tf.constant(VALUES)], by_feature(VALUES), mask)
    assert list(found) == ["0", "1", "2"]
    assert all(each is mask for each in found.values())
    assert by_time.compute_mask(tf.constant(VALUES)) is None
