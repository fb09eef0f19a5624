from __future__ import annotations

import re
from pathlib import Path

from netlib.tasks.plan import plan_training
from netlib.tasks.train import train
from netlib.tasks.trial import StepTime, told


def test_a_dry_run_says_how_long_an_epoch_may_take_and_where_a_run_would_be(write, tmp_path, recorder):
    root = tmp_path / "runs"
    (root / "tiny-4").mkdir(parents=True)
    train(write(), runs_root=root, dry_run=True, listeners=[recorder])
    long, place = recorder.of("message")[-2:]
    assert re.fullmatch(r"the steps of an epoch may take about [\d.]+ (ms|s): [\d,]+ samples/s in one step", long)
    assert place == f"nothing was written; a run would go to {root}/tiny-5"
    assert [path.name for path in root.iterdir()] == ["tiny-4"]


def test_what_is_said(write, tmp_path):
    plan = plan_training(write(), runs_root=tmp_path / "none")
    assert list(told(plan, "tiny", 1000, 500.0)) == [
        "the steps of an epoch may take about 2.0 s: 500 samples/s in one step",
        f"nothing was written; a run would go to {tmp_path}/none/tiny-1",
    ]
    named = plan_training(write(), run_dir=tmp_path / "here")
    unknown = "how long an epoch may take cannot be told from two steps"
    assert list(told(named, "tiny", None, 500.0)) == [
        unknown,
        f"nothing was written; a run would go to {tmp_path}/here",
    ]
    assert next(told(named, "tiny", 1000, None)) == unknown


def test_a_step_that_is_compiled_says_nothing_of_the_speed():
    speed = StepTime()
    speed.phase("compiling")
    speed.chunk_ended(1, 1, 2, {}, 3.0)
    assert speed.samples_per_second is None
    speed.chunk_ended(1, 2, 2, {}, 700.0)
    speed.phase("compiling")
    speed.chunk_ended(2, 1, 2, {}, 3.0)
    assert speed.samples_per_second == 700


def test_the_run_directory_that_is_given_is_said(write, tmp_path, recorder):
    train(write(), run_dir=tmp_path / "here", dry_run=True, listeners=[recorder])
    assert recorder.of("message")[-1] == f"nothing was written; a run would go to {tmp_path / 'here'}"
    assert not Path(tmp_path / "here").exists()
