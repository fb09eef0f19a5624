from __future__ import annotations

import json

import pytest

from netlib.runs.directory import RunDirectory
from netlib.runs.lock import alone
from netlib.runs.overview import Watched, overview


@pytest.fixture
def made(logged_run, tmp_path):
    """A run directory in some state."""
    return lambda **options: RunDirectory(logged_run(tmp_path / "tiny-1", **options))


def test_a_run_that_has_ended(made):
    found = overview(made())
    assert (found.name, found.config, found.state) == ("tiny-1", "tiny", "finished")
    assert (found.epochs, found.planned, found.step, found.best_epoch) == (3, 3, 30, 2)
    assert (str(found.monitor), found.best, found.seconds) == ("validation.loss", 0.5, 6.0)
    assert found.metrics["test"] == {"loss": 0.7, "accuracy": 0.3}
    assert found.started == "2026-01-01T00:00:00+00:00"
    assert (found.failure, found.damaged) == (None, ())


def test_one_that_was_stopped_has_the_best_of_what_is_there(made):
    found = overview(made(state="interrupted"))
    assert (found.state, found.best_epoch, found.best, found.seconds) == ("interrupted", 2, 0.5, 4.5)
    assert found.metrics["train"] == {"loss": 1.0, "accuracy": 0.5}


def test_one_that_is_trained_is_running_whatever_its_last_line_is(made):
    run = made(state="interrupted")
    with run.metrics.open("a") as file:
        file.write('{"epoch": 4, "st')
    with alone(run):
        found = overview(run)
    assert (found.state, found.epochs, found.damaged) == ("running", 3, ())


def test_one_that_failed_says_why(made):
    found = overview(made(state="failed"))
    assert (found.state, found.failure) == ("failed", "the disk is full")


def test_one_without_a_step_is_empty_and_one_without_a_record_may_have_steps(made):
    run = made(state="interrupted", losses=())
    assert (overview(run).state, overview(run).best_epoch, overview(run).metrics) == ("empty", None, {})
    (run.checkpoints / "step-00000007").mkdir()
    assert (overview(run).state, overview(run).step) == ("interrupted", 7)


def test_the_best_goes_by_the_runs_own_monitor(made):
    run = made(state="interrupted")
    run.header.write_text(json.dumps({"monitor": {"split": "train", "metric": "loss", "mode": "max"}}))
    found = overview(run)
    assert (found.best_epoch, found.best, found.config, found.planned) == (1, 1.8, "tiny", None)


@pytest.mark.parametrize("gone", ["header.json", "environment.json", "metrics.jsonl", "result.json"])
def test_a_file_that_is_missing_or_damaged_leaves_the_others(made, gone):
    run = made()
    (run.path / gone).write_text("[")
    found = overview(run)
    if gone != "metrics.jsonl":  # of which a single cut line is what a kill leaves
        assert len(found.damaged) == 1
        assert gone in found.damaged[0]
    assert found.state == ("interrupted" if gone == "result.json" else "finished")
    (run.path / gone).unlink()
    assert overview(run).best == 0.5


def test_values_of_other_kinds_are_left_out(made):
    run = made()
    run.result.write_text(json.dumps({"metrics": {"train": {"loss": "low"}, "test": 3}, "best_epoch": "two"}))
    run.header.write_text(json.dumps({"epochs": "many", "monitor": [1], "name": 3}))
    found = overview(run)
    assert (found.planned, found.config, found.metrics, found.best) == (None, "3", {"train": {}}, None)


@pytest.mark.parametrize("seconds", ["Infinity", "NaN", 10**400, [3]])
def test_seconds_that_cannot_be_are_those_of_the_records(made, seconds):
    run = made()
    run.result.write_text(json.dumps({"seconds": seconds, "metrics": {"train": {"loss": 10**400}}}))
    assert (overview(run).seconds, overview(run).metrics) == (4.5, {"train": {}})


def test_a_failure_that_says_nothing_has_words_all_the_same(made):
    run = made(state="interrupted")
    run.failure.write_text('{"error": ""}')
    assert (overview(run).state, overview(run).failure) == ("failed", "for no reason that was kept")


@pytest.mark.parametrize(
    ("mode", "value", "than", "better"),
    [
        ("min", 1.0, 2.0, True),
        ("min", 2.0, 2.0, False),
        ("max", 3.0, 2.0, True),
        ("max", float("nan"), 2.0, False),
        ("min", 1.0, float("nan"), True),
        ("min", 1.0, None, True),
        ("min", None, None, False),
    ],
)
def test_which_of_two_values_is_better(mode, value, than, better):
    assert Watched("train", "loss", mode).better(value, than) is better
