from __future__ import annotations

import math

import pytest

from netlib.spec.study import StudyView, TrialView

VALUES = (
    ("complete", 0.5),
    ("complete", 0.2),
    ("pruned", 0.1),
    ("complete", 0.2),
    ("complete", math.nan),
    ("failed", None),
)


def study(direction):
    trials = tuple(TrialView(number, state, value) for number, (state, value) in enumerate(VALUES))
    return StudyView("s", direction, "validation.loss", trials)


@pytest.mark.parametrize(("direction", "best"), [("min", 1), ("max", 0)])
def test_the_best_is_a_complete_one_and_of_two_alike_the_first(direction, best):
    assert study(direction).best.number == best


def test_without_a_complete_one_there_is_no_best():
    assert StudyView("s", "min", "validation.loss", (TrialView(0, "running", 0.1),)).best is None


def test_trials_are_ranked_and_those_without_a_value_are_last():
    found = study("max")
    assert [trial.number for trial in sorted(found.trials, key=found.rank)] == [0, 1, 3, 2, 4, 5]
    assert [trial.number for trial in found.of("pruned", "failed")] == [2, 5]
