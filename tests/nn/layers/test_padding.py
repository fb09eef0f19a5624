from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib.nn.layers.padding import surrounded

IMAGE = np.random.default_rng(3).normal(size=(2, 4, 5, 3)).astype("float32")


@pytest.mark.parametrize(
    ("padding", "strides", "rule", "grown"),
    [
        ("same", (2, 2), "SAME", False),
        ("valid", (1, 1), "VALID", False),
        (((1, 1), (0, 1)), (1, 1), "SAME", False),
        (((1, 1), (0, 1)), (2, 1), "VALID", True),
        (((0, 0), (0, 0)), (2, 1), "VALID", False),
    ],
)
def test_nothing_is_put_around_where_a_rule_does_it(padding: Any, strides: Any, rule: str, grown: bool) -> None:
    images, used = surrounded(tf.constant(IMAGE), padding, (3, 2), strides, -7)
    assert used == rule
    expected = np.pad(IMAGE, ((0, 0), *padding, (0, 0)), constant_values=-7) if grown else IMAGE
    np.testing.assert_array_equal(images, expected)
