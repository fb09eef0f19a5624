"""Count, mean, spread and ends of numbers, of one portion after the other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlib.data.steps.moments import ends_and_moments_of, ends_of, moments_of


def values_of(shape: tuple[int, ...], missing: float, seed: int, offset: float = 0.0) -> Any:
    random = np.random.default_rng(seed)
    values = random.normal(offset, 3, shape).astype(np.float32)
    values[random.random(shape) < missing] = np.nan
    return values


@given(
    st.sampled_from([(50,), (40, 3), (30, 2, 3)]),
    st.sampled_from(["channel", "element"]),
    st.sampled_from([0.0, 0.3]),
    st.lists(st.integers(1, 29), max_size=3, unique=True),
    st.integers(0, 99),
)
def test_they_are_those_of_all_numbers_together(shape, per, missing, cuts, seed):
    values = values_of(shape, missing, seed, 1000.0)
    axes = (0,) if per == "element" else tuple(range(max(values.ndim - 1, 1)))
    ends, moments = ends_and_moments_of(np.split(values, sorted(cuts)), per)
    exact = values.astype(np.float64)
    np.testing.assert_array_equal(moments.count, (~np.isnan(values)).sum(axis=axes))
    np.testing.assert_allclose(moments.mean, np.nanmean(exact, axis=axes), rtol=1e-12)
    np.testing.assert_allclose(moments.deviation, np.nanstd(exact, axis=axes), rtol=1e-10)
    np.testing.assert_array_equal(ends.least, np.nanmin(values, axis=axes))
    np.testing.assert_array_equal(ends.largest, np.nanmax(values, axis=axes))


def test_a_large_mean_costs_no_digits_of_the_spread():
    values = np.tile(np.array([10_000_000, 10_000_001], np.float32), 500)
    assert moments_of(np.split(values, 10), "channel").deviation == 0.5


def test_how_numbers_lie_in_memory_changes_no_bit():
    values = values_of((999, 3, 2), 0.0, 1)
    for other in (np.asfortranarray(values), np.repeat(values, 2, axis=0)[::2]):
        ours, theirs = moments_of([other], "channel"), moments_of([values], "channel")
        assert (ours.mean.tobytes(), ours.squares.tobytes()) == (theirs.mean.tobytes(), theirs.squares.tobytes())


@pytest.mark.parametrize("gone", [0, 1])
def test_a_portion_without_numbers_changes_nothing(gone):
    present, missing = np.array([[1.0], [4.0]], np.float32), np.full((2, 1), np.nan, np.float32)
    parts = [missing, present] if gone == 0 else [present, missing]
    ends, moments = ends_and_moments_of(parts, "channel")
    assert (moments.count, moments.mean, moments.deviation) == (2, 2.5, 1.5)
    assert ends.or_zeros() == (1, 4)


def test_of_nothing():
    missing = np.full((4, 2), np.nan, np.float32)
    ends, moments = ends_and_moments_of([missing, missing], "channel")
    assert moments.count.tolist() == moments.mean.tolist() == moments.deviation.tolist() == [0, 0]
    assert [each.tolist() for each in ends.or_zeros()] == [[0, 0], [0, 0]]


def test_integers_are_read_as_float32():
    ends = ends_of([np.array([2**24 + 1, 7], np.int32)], "channel")
    assert (ends.least, ends.largest) == (7, 2**24)
