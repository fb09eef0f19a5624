"""Sequences: padded at the end, and labelled by what occurs more often."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.data.sources.generators import read
from netlib.spec.sources.sequences import Sequences


def drawn(seed=0, **parameters):
    arrays = read(Sequences.parse(parameters), seed)
    return arrays.inputs["tokens"], arrays.targets["label"]


@settings(max_examples=60)
@given(st.integers(1, 15), st.integers(0, 15), st.integers(4, 40), st.integers(0, 2**40))
def test_padded_at_the_end_and_labelled_by_the_markers(min_length, more, vocabulary, seed):
    spec = {"samples": 60, "min_length": min_length, "length": min_length + more, "vocabulary": vocabulary}
    tokens, label = drawn(seed, **spec)
    lengths = (tokens > 0).sum(axis=1)
    np.testing.assert_array_equal(tokens > 0, np.arange(min_length + more) < lengths[:, None])
    assert min_length <= lengths.min() <= lengths.max() <= min_length + more
    assert tokens.max() < vocabulary
    first, second = (tokens == 1).sum(axis=1), (tokens == 2).sum(axis=1)
    np.testing.assert_array_equal(label, second > first)
    assert (first != second).all()


def test_balanced_and_of_every_length_and_place():
    tokens, label = drawn(samples=20_000, length=10, min_length=3, vocabulary=7)
    assert label.mean() == 0.5
    lengths = (tokens > 0).sum(axis=1)
    np.testing.assert_allclose(np.bincount(lengths)[3:] / 20_000, 1 / 8, rtol=0.1)
    full = tokens[lengths == 10]
    counted = ((full == 1) | (full == 2)).mean(axis=0)
    np.testing.assert_allclose(counted, counted.mean(), atol=0.04)  # markers stand anywhere
    others = np.bincount(tokens[tokens > 2])[3:]
    np.testing.assert_allclose(others / others.sum(), 1 / 4, rtol=0.05)


def test_lengths_do_not_tell_the_class():
    tokens, label = drawn(samples=20_000)
    lengths = (tokens > 0).sum(axis=1)
    assert lengths[label == 0].mean() == pytest.approx(lengths[label == 1].mean(), rel=0.01)


def test_learnable_by_the_mean_of_an_embedding():
    """A linear classifier on the mean one-hot vector of the real places: an Embedding of width 1, and a mean."""
    tokens, label = drawn(samples=4000)
    one_hot = (tokens[..., None] == np.arange(50)) * (tokens[..., None] > 0)
    mean = one_hot.sum(axis=1) / (tokens > 0).sum(axis=1, keepdims=True)
    train, test = slice(0, 3000), slice(3000, None)
    weights, *_ = np.linalg.lstsq(mean[train], 2 * label[train] - 1, rcond=None)
    assert (((mean[test] @ weights) > 0) == label[test]).mean() > 0.95


def test_blocks_are_joined_without_a_seam():
    tokens, label = drawn(samples=30, length=100_000, min_length=99_990)
    assert (tokens[:, :99_990] > 0).all()
    np.testing.assert_array_equal(label, (tokens == 2).sum(axis=1) > (tokens == 1).sum(axis=1))
