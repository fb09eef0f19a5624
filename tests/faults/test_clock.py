"""Clocks that go wrong: what is newest, best and next does not depend on them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from traces import copied, need_same_end, need_success, records

from netlib.runs import pointers
from netlib.runs.directory import RunDirectory, runs_in
from netlib.runs.locate import find_checkpoint, newest_valid

pytestmark = pytest.mark.slow

YEARS = 10 * 365.25 * 86400


def set_times(run: Path) -> None:
    """The older a checkpoint, the newer its times; all are in the future."""
    everything = sorted(run.rglob("*"), reverse=True)
    for number, path in enumerate(everything):
        os.utime(path, (4e9 + 1000 * number,) * 2)
    environment = json.loads((run / "environment.json").read_text())
    (run / "environment.json").write_text(json.dumps({**environment, "started": "2096-01-01T00:00:00+00:00"}))


def test_times_of_files_decide_nothing(undisturbed, folder):
    whole = undisturbed("mlp.yaml", "train.epochs=2")
    run = copied(whole, folder)
    set_times(run)
    assert newest_valid(RunDirectory(run)) == (run / "checkpoints/step-00000090", [])
    for name in ("", "latest", "best"):
        assert find_checkpoint(run / name).name == find_checkpoint(whole / name).name
    for pointer in pointers.POINTERS:
        assert pointers.pointed(RunDirectory(run), pointer).name == pointers.pointed(RunDirectory(whole), pointer).name


def test_a_clock_that_is_set_back_while_a_run_waits(netlab, folder, undisturbed):
    run = copied(undisturbed("mlp.yaml", "train.epochs=1"), folder)
    set_times(run)
    done = netlab("train", "--resume", "run", "train.epochs=2", folder=folder, clock=-YEARS)
    need_success(done)
    assert "resumed from step-00000045" in done.err
    need_same_end(run, undisturbed("mlp.yaml", "train.epochs=2"))
    assert all(record["seconds"] >= 0 for record in _with_clock(run))


def test_numbers_of_runs_go_on(netlab, folder, undisturbed):
    for number, clock in enumerate([0, -YEARS, YEARS], start=1):
        need_success(netlab("train", "mlp.yaml", "train.epochs=1", folder=folder, clock=clock))
        set_times(folder / "runs" / f"mlp-{number}")
    runs = runs_in(folder / "runs")
    assert [run.name for run in runs] == ["mlp-1", "mlp-2", "mlp-3"]
    assert records(runs[0].path) == records(runs[1].path) == records(runs[2].path)


def _with_clock(run: Path) -> list[dict[str, float]]:
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [line for line in lines if "seconds" in line]
