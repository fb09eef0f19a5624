from __future__ import annotations

from pathlib import Path

import pytest
from report_samples import SMALL_SWEEP, SWEEP

from netlib.report.sweep_table import ranked, said, sweep_text, varying
from netlib.spec.study import StudyView, TrialView


def lines(view, width=140, **more):
    return sweep_text(view, width, **more).splitlines()


def test_the_best_is_first_and_the_states_stay_together():
    assert [trial.number for trial in ranked(SWEEP)] == [3, 5, 0, 4, 2, 1, 6, 7]
    rows = lines(SWEEP)[5:13]
    assert [row.split()[:2] for row in rows] == [
        ["3", "complete"], ["5", "complete"], ["0", "complete"], ["4", "running"], ["2", "pruned"], ["1", "failed"],
        ["6", "failed"], ["7", "waiting"],
    ]  # fmt: skip
    assert [row.split()[2] for row in rows[:3]] == ["*0.9688", "0.8750", "0.8125"]


def test_only_what_differs_has_a_column():
    assert varying(SWEEP) == [
        "train.optimizer", "train.optimizer.learning_rate", "model.encoder.units", "model.encoder.dropout.rate",
        "train.optimizer.SGD.momentum",
    ]  # fmt: skip
    assert lines(SMALL_SWEEP)[3].split() == ["trial", "state", "validation.loss", "seed", "epochs", "time", "run"]


def test_true_differs_from_one():
    view = StudyView(
        "s", "min", "m", tuple(TrialView(n, "complete", 0.5, {"a": each}) for n, each in enumerate((1, True)))
    )
    assert varying(view) == ["a"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0123456, "0.01235"), (1e-5, "1e-05"), (3, "3"), (True, "true"), (None, "null"), ("sgd", "sgd"), (0.5, "0.5")],
)
def test_parameters_are_short(value, text):
    assert said(value) == text


def test_what_failed_alike_is_told_once():
    (told,) = [line for line in lines(SWEEP, 200) if line.startswith("failed:")]
    assert told.startswith("failed: trials 1, 6: the loss is not finite in step 12")


def test_how_far_it_has_come():
    head = lines(SWEEP)[:3]
    assert head == [
        "encoder-search: 6 of 50 trials have ended (3 complete, 1 running, 1 pruned, 2 failed, 1 waiting)",
        "best validation.accuracy 0.9688 (more is better): trial 3",
        "runs in runs/encoder-search",
    ]
    assert lines(StudyView("s", "min", "m")) == ["s: 0 trials have ended (no trials yet)"]


def test_the_best_of_many():
    found = lines(SMALL_SWEEP, top=2)
    assert found[-1] == "and 2 more trials"
    assert [line.split()[0] for line in found[4:6]] == ["3", "2"]


def test_runs_in_several_folders_have_their_paths():
    assert lines(SMALL_SWEEP)[4].endswith("/3/run")


def test_columns_give_way_before_parameters_are_folded():
    wide, narrow = lines(SWEEP, 140)[4], lines(SWEEP, 100)[4]
    assert wide.split()[-3:] == ["epochs", "time", "run"]
    assert "run" not in narrow.split()
    assert "momentum" in narrow
    assert "learning_rate=0.03, units=128" in sweep_text(SWEEP, 60)


def test_of_a_pruned_one_the_line_is_dim():
    dimmed = [line for line in sweep_text(SWEEP, 140, color=True).splitlines() if line.startswith("\x1b[2m")]
    assert [line.split()[1] for line in dimmed] == ["2", "7"] or all(
        "pruned" in line or "waiting" in line for line in dimmed
    )
    assert len(dimmed) == 2


def test_a_run_may_be_missing():
    view = StudyView(
        "s", "min", "m", (TrialView(0, "complete", 0.5, {}, None), TrialView(1, "complete", 0.4, {}, Path("r/1")))
    )
    assert lines(view)[2] == "runs in r"
