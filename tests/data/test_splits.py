"""Splits: complete, disjoint, of the right sizes, stratified."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from netlib.data.splits import split
from netlib.spec.data import part_sizes
from netlib.spec.errors import SpecError

SHARES = st.floats(0, 0.45)


def check_complete(parts, samples, validation, test):
    assert list(parts) == ["train", "validation", "test"]
    assert {name: len(rows) for name, rows in parts.items()} == part_sizes(samples, validation, test)
    np.testing.assert_array_equal(np.sort(np.concatenate([*parts.values()])), np.arange(samples))
    for rows in parts.values():
        np.testing.assert_array_equal(rows, np.sort(rows))


@given(st.integers(2, 500), SHARES, SHARES, st.integers(0, 2**40))
def test_complete_and_disjoint(samples, validation, test, seed):
    try:
        parts = split(samples, validation, test, seed)
    except SpecError as error:
        assume("sample" not in str(error))  # too few samples for these shares: a test of its own
        raise
    check_complete(parts, samples, validation, test)


@given(st.lists(st.integers(3, 80), min_size=1, max_size=8), SHARES, SHARES, st.integers(0, 2**40))
def test_stratified_within_one_sample_of_every_class(counts, validation, test, seed):
    classes = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)) * 3 - 1, counts))
    samples = len(classes)
    try:
        parts = split(samples, validation, test, seed, classes)
    except SpecError as error:
        assume("sample" not in str(error))
        raise
    check_complete(parts, samples, validation, test)
    for label, count in zip(np.unique(classes), np.unique(classes, return_counts=True)[1], strict=True):
        of_class = {name: int((classes[rows] == label).sum()) for name, rows in parts.items()}
        assert of_class["train"] >= 1
        if count >= 20 and min(counts) >= 20:  # with fewer, the class's last sample may be held back for training
            for name in ("validation", "test"):
                assert abs(of_class[name] - count * len(parts[name]) / samples) < 1


def test_equal_classes_are_divided_equally():
    classes = np.repeat([0, 1, 2], 50)
    parts = split(150, 0.2, 0.2, 7, classes)
    assert [np.bincount(classes[rows]).tolist() for rows in parts.values()] == [[30] * 3, [10] * 3, [10] * 3]


def test_the_seed_decides():
    first, second = split(100, 0.2, 0.2, 1), split(100, 0.2, 0.2, 2)
    assert first["test"].tolist() != second["test"].tolist()
    assert split(100, 0.2, 0.2, 1)["test"].tolist() == first["test"].tolist()


def test_every_sample_can_be_held_out():
    classes = np.arange(60) % 3
    for labels in (None, classes):
        held_out = np.concatenate([split(60, 0.2, 0, seed, labels)["validation"] for seed in range(60)])
        assert set(held_out.tolist()) == set(range(60))


def test_nothing_is_held_out_unless_asked_for():
    for classes in (None, np.array([0, 0, 1])):
        parts = split(3, 0, 0, 0, classes)
        assert (parts["train"].tolist(), len(parts["validation"]), len(parts["test"])) == ([0, 1, 2], 0, 0)


def test_a_class_of_one_sample_is_trained_on():
    classes = np.array([0] * 10 + [1])
    for seed in range(20):
        parts = split(11, 0.3, 0.3, seed, classes)
        assert 10 in parts["train"]


def test_too_many_classes_to_stratify():
    message = (
        r"validation: 10 samples of 9 classes \(the smallest has 1\) cannot be stratified: one of each class is needed "
        r"to train on, 3 to validate and 0 to test on; hold out less, or set stratify: false"
    )
    with pytest.raises(SpecError, match=message) as caught:
        split(10, 0.3, 0, 0, np.array([0, 0, 1, 2, 3, 4, 5, 6, 7, 8]))
    assert caught.value.problems[0].loc == ("validation",)


def test_an_empty_split_is_refused():
    with pytest.raises(SpecError, match=r"test \(=0.1\) of 4 samples is not one sample: make it larger, or 0"):
        split(4, 0.25, 0.1, 0)
