from __future__ import annotations

import numpy as np
import pytest

from netlib.scoring.confusion import Confused, confusion_matrix, most_confused


def test_rows_are_what_is_true_and_columns_what_was_predicted():
    matrix = confusion_matrix(np.array([0, 0, 1, 2, 2, 2]), np.array([0, 1, 1, 0, 2, 2]), 3)
    assert matrix.dtype == np.int64
    assert matrix.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 2]]


def test_against_counting_one_by_one():
    draw = np.random.default_rng(0)
    targets, predicted = draw.integers(0, 7, (2, 500))
    weights = draw.random(500)
    expected = np.zeros((7, 7))
    for target, taken, weight in zip(targets, predicted, weights, strict=True):
        expected[target, taken] += weight
    assert confusion_matrix(targets, predicted, 7, weights) == pytest.approx(expected)


def test_places_of_any_shape_count_alike():
    targets = np.array([[0, 1], [1, 1]])
    assert (
        confusion_matrix(targets, targets.T, 2).tolist()
        == confusion_matrix(targets.ravel(), targets.T.ravel(), 2).tolist()
    )
    assert confusion_matrix(np.zeros(0, int), np.zeros(0, int), 2).tolist() == [[0, 0], [0, 0]]


def test_what_is_no_class_and_shapes_that_differ():
    with pytest.raises(ValueError, match=r"every target must be from 0 to 1, got 0 to 2"):
        confusion_matrix(np.array([0, 2]), np.array([0, 1]), 2)
    with pytest.raises(ValueError, match=r"every prediction must be from 0 to 1, got -1 to 0"):
        confusion_matrix(np.array([0, 1]), np.array([0, -1]), 2)
    with pytest.raises(ValueError, match=r"must have one shape, got \[\(2,\), \(2,\), \(1,\)\]"):
        confusion_matrix(np.array([0, 1]), np.array([0, 1]), 2, np.ones(1))


def test_the_pairs_that_are_confused_most_often():
    matrix = np.array([[8, 2, 0], [0, 5, 5], [1, 2, 1]])
    assert most_confused(matrix, 3) == [Confused(1, 2, 5, 0.5), Confused(0, 1, 2, 0.2), Confused(2, 1, 2, 0.5)]
    assert len(most_confused(matrix, 9)) == 4
    assert most_confused(np.diag([3, 4]), 5) == []
