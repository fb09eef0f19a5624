"""Against the formula in NumPy's double precision, and between all ways to run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib.nn.box_muller import normal_of

WORDS = np.random.default_rng(3).integers(0, 2**32, (2, 200_000), dtype=np.uint32)
EDGES = np.array([0, 255, 256, 2**22, 2**30 - 1, 2**30, 2**31 - 1, 2**31, 3 * 2**30, 2**32 - 256, 2**32 - 1], np.uint32)


def numbers(words: np.ndarray, others: np.ndarray) -> Any:
    return np.asarray(normal_of(tf.constant(words), tf.constant(others)))


def expected(words: np.ndarray, others: np.ndarray) -> Any:
    uniform, turn = ((words >> 8) + 1.0) / 2**24, (others >> 8) / 2**24
    return np.sqrt(-2 * np.log(uniform)) * np.cos(2 * np.pi * turn)


def test_it_is_the_formula() -> None:
    np.testing.assert_allclose(numbers(*WORDS), expected(*WORDS), rtol=0, atol=1e-6)


def test_at_the_edges() -> None:
    words, others = (each.ravel() for each in np.meshgrid(EDGES, EDGES))
    values = numbers(words, others)
    assert np.all(np.isfinite(values))
    # Near a radius of 0 the square root has few bits of what is below it.
    np.testing.assert_allclose(values, expected(words, others), rtol=0, atol=1e-4)
    assert np.abs(values).max() == pytest.approx((2 * 24 * np.log(2)) ** 0.5, rel=1e-6)


def test_its_distribution() -> None:
    values = numbers(*WORDS).astype(np.float64)
    count = len(values)
    moments = [np.mean(values**power) for power in (1, 2, 3, 4)]
    deviations = [(var / count) ** 0.5 for var in (1, 2, 15, 96)]
    for moment, true, deviation in zip(moments, (0, 1, 0, 3), deviations, strict=True):
        assert abs(moment - true) < 4 * deviation


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("count", [1, 7, 1000])
def test_compiled_with_known_words_or_not_it_gives_the_same_bits(jit_compile: bool, count: int) -> None:
    words, others = WORDS[:, :count]
    as_constants = tf.function(lambda: normal_of(tf.constant(words), tf.constant(others)), jit_compile=jit_compile)
    as_arguments = tf.function(normal_of, jit_compile=jit_compile)
    np.testing.assert_array_equal(as_constants(), numbers(*WORDS)[:count])
    np.testing.assert_array_equal(as_arguments(tf.constant(words), tf.constant(others)), numbers(*WORDS)[:count])
