"""What generated sets are drawn with: balanced classes, noise, and blocks of samples."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netlib.data.shuffling import generator
from netlib.data.sources.drawing import BLOCK, balanced, blocks, float32, noisy


@given(st.integers(0, 300), st.integers(1, 9))
def test_balanced(samples, classes):
    counts = np.bincount(balanced(samples, classes), minlength=classes)
    assert (counts.sum(), len(counts)) == (samples, classes)
    assert np.ptp(counts) <= 1


@given(st.integers(1, 3000), st.sampled_from([1, 1000, BLOCK // 2, BLOCK, BLOCK + 1, 5 * BLOCK]))
def test_blocks_are_all_samples_once_in_order(samples, values):
    slices = list(blocks(samples, values))
    rows = np.arange(samples)
    np.testing.assert_array_equal(np.concatenate([rows[each] for each in slices]), rows)
    assert all(len(rows[each]) * values <= max(BLOCK, values) for each in slices)
    assert len(slices) <= 1 + samples // max(BLOCK // values, 1)


def test_noise_has_its_deviation():
    values = noisy(np.full((20_000, 2), 3.0), 0.5, generator(0, "test"))
    np.testing.assert_allclose((values.mean(), values.std()), (3, 0.5), rtol=0.02)


def test_what_does_not_fit_float32_is_left_for_the_check_of_the_arrays():
    assert np.isinf(float32(np.array([1e300]))).all()
