"""The order of an epoch, and the generators behind everything random on the host."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlib.data import shuffling
from netlib.data.shuffling import generator, permutation, shuffled, shuffled_parts


@given(st.integers(-(2**70), 2**70), st.integers(0, 2**31), st.integers(1, 3000))
def test_every_sample_once(seed, epoch, n):
    order = permutation(seed, epoch, n)
    assert order.dtype == np.int32
    np.testing.assert_array_equal(np.sort(order), np.arange(n))
    np.testing.assert_array_equal(order, permutation(seed, epoch, n))


def test_no_samples():
    assert permutation(1, 0, 0).shape == (0,)


def test_seeds_and_epochs_differ():
    orders = {permutation(seed, epoch, 100).tobytes() for seed in range(20) for epoch in range(20)}
    assert len(orders) == 400


def test_every_order_is_as_likely():
    """Of three samples, 6,000 epochs give each of the six orders about 1,000 times (within five standard deviations)."""
    _, counts = np.unique([permutation(3, epoch, 3) for epoch in range(6000)], axis=0, return_counts=True)
    assert len(counts) == 6
    assert np.abs(counts - 1000).max() < 5 * np.sqrt(1000)


def test_every_sample_comes_to_every_place():
    """Mean place of each of 50 samples over 2,000 epochs: 24.5, with a standard deviation of 14.43 / sqrt(2000)."""
    places = np.argsort([permutation(0, epoch, 50) for epoch in range(2000)], axis=1)
    assert np.abs(places.mean(axis=0) - 24.5).max() < 5 * 14.43 / np.sqrt(2000)


def test_the_same_in_another_process():
    code = "from netlib.data.shuffling import permutation; print(permutation(7, 3, 40).tolist())"
    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert printed.strip() == str(permutation(7, 3, 40).tolist())


def test_a_purpose_has_a_generator_of_its_own():
    purposes = [("split",), ("epoch", 1), ("epoch", 11), ("epoch", "1"), ("source", "moons")]
    drawn = {int(generator(seed, *purpose).bit_generator.random_raw()) for seed in (1, 11) for purpose in purposes}
    assert len(drawn) == 10


def test_importing_it_does_not_import_tensorflow():
    code = "import netlib.data.load, sys; assert 'tensorflow' not in sys.modules; assert 'polars' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(("n", "parts"), [(0, 1), (15, 1), (16, 2), (100, 8), (1000, 8)])
def test_an_order_in_parts_is_the_order(monkeypatch, n, parts):
    whole = shuffled(generator(3, "split"), n)
    monkeypatch.setattr(shuffling, "AT_ONCE", 8)
    found = list(shuffled_parts(generator(3, "split"), n))
    assert len(found) == parts
    np.testing.assert_array_equal(np.concatenate(found), whole)
    np.testing.assert_array_equal(shuffled(generator(3, "split"), n), whole)
