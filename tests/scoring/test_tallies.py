from __future__ import annotations

import numpy as np
import pytest

from netlib.scoring.confusion import confusion_matrix
from netlib.scoring.curves import curves
from netlib.scoring.tallies import ClassTally, FlagTally


@pytest.fixture
def classes():
    draw = np.random.default_rng(3)
    probabilities = draw.dirichlet(np.ones(4), 250).astype(np.float32)
    return draw.integers(0, 4, 250), probabilities, draw.random(250)


def fed(tally, *columns, windows=5):
    for part in np.array_split(np.arange(len(columns[0])), windows):
        tally.add(*(each[part] for each in columns))
    return tally


def test_classes_do_not_depend_on_the_windows(classes):
    targets, probabilities, weights = classes
    tally = fed(ClassTally(4), *classes)
    assert tally.matrix == pytest.approx(confusion_matrix(targets, probabilities.argmax(1), 4, weights))
    right = probabilities.argmax(1) == targets
    assert tally.accuracy == pytest.approx(weights @ right / weights.sum())
    assert tally.scores.weighted.recall == pytest.approx(tally.accuracy)
    areas = [each.roc_auc for each in tally.curves()]
    expected = [curves(targets == number, probabilities[:, number], weights).roc_auc for number in range(4)]
    assert areas == pytest.approx(expected, rel=1e-6)


def test_scores_that_are_too_many_are_not_kept(monkeypatch, classes):
    monkeypatch.setattr("netlib.scoring.kept.MOST_KEPT", 250 * 4 - 1)
    tally = fed(ClassTally(4), *classes)
    assert tally.curves() == []
    assert tally.accuracy > 0


def test_flags_one_by_one():
    draw = np.random.default_rng(4)
    flags, probabilities, weights = draw.random((90, 3)) < 0.4, draw.random((90, 3)), draw.random(90)
    tally = fed(FlagTally(3), flags, probabilities, weights)
    for flag in range(3):
        predicted = probabilities[:, flag] > 0.5
        right = weights @ (predicted & flags[:, flag])
        assert tally.scores.precision[flag] == pytest.approx(right / (weights @ predicted))
        assert tally.scores.recall[flag] == pytest.approx(right / (weights @ flags[:, flag]))
        expected = curves(flags[:, flag], probabilities[:, flag], weights).roc_auc
        assert tally.curves()[flag].roc_auc == pytest.approx(expected, rel=1e-6)
    agreed = ((probabilities > 0.5) == flags).mean(axis=1)
    assert tally.accuracy == pytest.approx(weights @ agreed / weights.sum())


def test_nothing_was_counted():
    assert np.isnan(ClassTally(2).accuracy)
    assert np.isnan(FlagTally(2).accuracy)
    assert ClassTally(2).curves() == FlagTally(2).curves() == [None, None]  # not the [] of too many
