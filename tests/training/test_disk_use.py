from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from netlib.runs import checkpoint, retention
from netlib.runs.directory import RunDirectory
from netlib.spec.errors import NetlabError
from netlib.spec.training import TrainSpec
from netlib.training.callbacks import EMA
from netlib.training.disk_use import DiskUse, most_at_once, said_of_disk
from netlib.training.fit import fit

MOST = 2**62
"""Bytes that no disk has."""


def most(steps_per_epoch: int | None = 10, monitor: str = "validation.loss", **values: Any) -> int | None:
    keys = {key: values.pop(key) for key in ("epochs", "steps", "max_time") if key in values}
    train = TrainSpec.parse({"loss": "mse", "epochs": 100, **keys, "checkpoint": values})
    return most_at_once(train, monitor, steps_per_epoch)


def test_what_it_takes_is_what_is_written(make_lab: Any, run: RunDirectory) -> None:
    """But for names and plain values, some kilobytes: weights, two slots for each, averages, counters."""
    lab = make_lab([{"Dense": 300}, {"Dense": 3}], metrics=["accuracy"])
    job = lab.job(run=run, callbacks=[EMA(0.9)])
    fit(job)
    path = checkpoint.checkpoints_of(run)[-1]
    written = sum(file.stat().st_size for file in path.iterdir())
    assert 0 < written - job.state.size < 6_000 < 0.2 * written
    arrays = checkpoint.read(path).groups.values()
    assert job.state.size == sum(array.nbytes for group in arrays for array in group.values())


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, 2 + 1 + 1),
        ({"keep_last": 5, "keep_best": 3}, 5 + 3 + 1),
        ({"keep_best": {"validation.accuracy": 3}}, 2 + 3 + 1 + 1),
        ({"keep_best": {"validation.accuracy": 3, "validation.loss": 2}}, 2 + 5 + 1),
        ({"keep_last": "all"}, 1 + 100),
        ({"keep_last": "all", "every_steps": 3}, 1 + 100 + 333),
        ({"keep_last": "all", "every_steps": 3, "steps_per_epoch": None}, None),
        ({"keep_last": "all", "every_minutes": 3}, None),
        ({"keep_last": "all", "every_minutes": 3, "max_time": "1h"}, 1 + 100 + 20),
        ({"keep_last": "all", "epochs": None, "steps": 25}, 1 + 3),
        ({"keep_last": "all", "epochs": None, "steps": 25, "steps_per_epoch": None}, None),
        ({"keep_last": 9, "epochs": 2}, 1 + 2),
        ({"keep_last": 2, "epochs": None, "max_time": 9}, 4),
    ],
)
def test_how_many_are_there_at_once(values: dict[str, Any], expected: int | None) -> None:
    assert most(**values) == expected


@pytest.mark.parametrize(
    "settings", [{}, {"keep_last": 1, "keep_best": 2}, {"keep_best": {"train.accuracy": 2}}, {"keep_last": "all"}]
)
def test_there_are_never_more(lab: Any, run: RunDirectory, settings: dict[str, Any]) -> None:
    """Counted at every moment at which one is whole, before the older ones go."""
    counted = []
    options = {"epochs": 6, "checkpoint": {"every_steps": 4, **settings}}
    job = lab.job(run=run, **options)
    prune = retention.prune

    def counting(*details: Any) -> Any:
        counted.append(len(checkpoint.checkpoints_of(run)))
        return prune(*details)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retention, "prune", counting)
        fit(job)
    train = TrainSpec.parse({**lab.engine.train.to_plain(), **options})
    assert max(counted) <= (most_at_once(train, job.monitor.name, job.feed.steps) or 0)


def test_in_words() -> None:
    assert DiskUse(12_900_000, 4).line() == "a checkpoint takes 12.3 MiB; at most 4 are there at once (49.2 MiB)"
    assert DiskUse(2048, None).line() == "a checkpoint takes 2.0 KiB; all of them stay"


def test_a_disk_without_room_for_two_is_refused(tmp_path: Path) -> None:
    """Of a folder that is not there yet, the one above counts."""
    said = (
        rf"^the disk of {tmp_path} has [\d.]+ [GT]iB left: a checkpoint takes 4194304.0 TiB, and two must have room, so"
        r" 8388608.0 TiB are needed\. Make room there, or put the run elsewhere with --run-dir$"
    )
    for folder in (tmp_path, tmp_path / "runs" / "new"):
        with pytest.raises(NetlabError, match=said):
            DiskUse(MOST, 4).need_room(folder)


def test_of_those_that_are_there_only_the_missing_need_room(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    two_thirds = DiskUse(free * 2 // 3, 2)
    with pytest.raises(NetlabError, match="two must have room"):
        two_thirds.need_room(tmp_path)
    assert two_thirds.need_room(tmp_path, there=1) is None
    with pytest.raises(NetlabError, match="two must have room"):  # before an old one goes there is a new one
        DiskUse(MOST, 2).need_room(tmp_path, there=9)


def test_a_disk_without_room_for_all_is_said(tmp_path: Path) -> None:
    third = DiskUse(shutil.disk_usage(tmp_path).free // 3, 9)
    said = third.need_room(tmp_path)
    assert said is not None
    assert said.startswith(f"the disk of {tmp_path} has ")
    assert said.endswith(
        "not enough for all checkpoints: make room, or let fewer stay (train.checkpoint.keep_last, keep_best)"
    )
    assert third.need_room(tmp_path, there=8) is None
    assert DiskUse(1, 9).need_room(tmp_path) is None
    assert DiskUse(1, None).need_room(tmp_path) is None


def test_said_of_a_training(lab: Any, run: RunDirectory) -> None:
    job = lab.job(run=run)
    lines = said_of_disk(job, lab.engine.train, run.path)
    assert lines == [DiskUse(job.state.size, 2).line()]
