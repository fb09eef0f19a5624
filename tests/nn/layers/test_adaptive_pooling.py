from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.nn.layers import adaptive_pooling
from netlib.nn.layers.adaptive_pooling import AdaptiveMaxPooling1D, AdaptiveMaxPooling2D

lengths = st.integers(1, 9)
parts = st.integers(1, 7)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(lengths, parts), min_size=1, max_size=3),
    st.sampled_from([("Average", np.mean), ("Max", np.max)]),
)
def test_part_by_part_in_numpy(axes: Any, kind: tuple[str, Callable[..., Any]]) -> None:
    shape, size = zip(*axes, strict=True)
    values = np.random.default_rng(5).normal(size=shape)
    expected = np.empty(size)
    for place in product(*map(range, size)):
        expected[place] = kind[1](values[tuple(map(_part, place, shape, size))])
    layer = getattr(adaptive_pooling, f"Adaptive{kind[0]}Pooling{len(shape)}D")(size)
    given = layer(values.astype("float32")[np.newaxis, ..., np.newaxis])
    np.testing.assert_allclose(given[0, ..., 0], expected, atol=1e-6)


def _part(index: int, length: int, parts: int) -> slice:
    return slice(int(np.floor(index * length / parts)), int(np.ceil((index + 1) * length / parts)))


def test_the_gradient_of_the_largest_is_given_once_for_each_part() -> None:
    """Also where the element that is the largest stands in two parts, or ties."""
    values = tf.constant([[[1.0], [2.0], [9.0], [3.0], [0.0]]])  # parts 0-2 and 2-4 of five
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(values)
        largest = AdaptiveMaxPooling1D(2)(values)
        ties = AdaptiveMaxPooling2D(2)(tf.zeros((1, 5, 5, 1)) * values[:, :, tf.newaxis])
    np.testing.assert_array_equal(largest, [[[9], [9]]])
    np.testing.assert_array_equal(tape.gradient(largest, values)[0, :, 0], [0, 0, 2, 0, 0])
    assert tape.gradient(ties, values) is not None


@pytest.mark.parametrize("count", [1, 2, 3])
def test_values_that_tie_share_one_gradient(count: int) -> None:
    values = tf.zeros((1, *[5] * count, 1))
    with tf.GradientTape() as tape:
        tape.watch(values)
        total = tf.reduce_sum(getattr(adaptive_pooling, f"AdaptiveMaxPooling{count}D")(2)(values))
    assert float(tf.reduce_sum(tape.gradient(total, values))) == pytest.approx(2**count)
