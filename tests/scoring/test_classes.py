from __future__ import annotations

import numpy as np
import pytest

from netlib.scoring.classes import ClassScores

MATRIX = np.array([[6, 2, 0, 0], [1, 3, 0, 0], [0, 4, 0, 0], [0, 0, 0, 0]])
"""The third class is never predicted, the fourth is not there at all."""


def test_by_hand():
    scores = ClassScores.of_matrix(MATRIX)
    assert scores.precision == pytest.approx([6 / 7, 3 / 9, 0, 0])
    assert scores.recall == pytest.approx([6 / 8, 3 / 4, 0, 0])
    assert scores.f1 == pytest.approx([2 * 6 / (7 + 8), 2 * 3 / (9 + 4), 0, 0])
    assert scores.support.tolist() == [8, 4, 4, 0]


def test_f1_is_the_harmonic_mean():
    scores = ClassScores.of_matrix(MATRIX)
    for precision, recall, f1 in zip(scores.precision[:2], scores.recall[:2], scores.f1[:2], strict=True):
        assert f1 == pytest.approx(2 / (1 / precision + 1 / recall))


def test_means_leave_out_a_class_that_is_not_there_and_nowhere_predicted():
    scores = ClassScores.of_matrix(MATRIX)
    assert scores.macro.recall == pytest.approx((0.75 + 0.75 + 0) / 3)
    assert scores.weighted.recall == pytest.approx(9 / 16)  # which is the accuracy
    assert scores.weighted.precision == pytest.approx((8 * 6 / 7 + 4 * 3 / 9) / 16)


def test_no_samples_at_all():
    scores = ClassScores.of_matrix(np.zeros((2, 2)))
    assert scores.macro == scores.weighted == (0, 0, 0)
