"""A training that is killed by SIGKILL, wherever it is, and resumed ends with the bits of one that was left alone."""

from __future__ import annotations

import random
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
from processes import ALL, Processes
from traces import files_of, need_same_checkpoints, need_same_end, need_success, records, steps

pytestmark = pytest.mark.slow

NOTHING_YET = ("has no checkpoint to go on from", "ended before it began", "is not a run directory", "there is no run")
CALLS = 330
"""More than change a run while it is begun and trained for an epoch with three checkpoints, or resumed for as long."""


class Killed:
    """A training that is killed again and again, and looked at each time."""

    def __init__(self, netlab: Processes, folder: Path, config: str, epochs: int, whole: Path) -> None:
        self._netlab = netlab
        self._folder = folder
        self._new = ["train", config, f"train.epochs={epochs}", "--run-dir", "run"]
        self._whole = whole
        self._run = folder / "run"
        self._reached: int | None = None
        self.kills = 0

    def go_on(self, **fault: Any) -> bool:
        """Starts it, or resumes it, with a fault; whether it came to its end."""
        words = self._new if self._reached is None else ["train", "--resume", "run"]
        done = self._netlab(*words, folder=self._folder, **fault)
        if done.code == 0:
            need_same_end(self._run, self._whole)
            self._forget()
            return True
        assert done.code == -signal.SIGKILL, done.err
        self.kills += 1
        self._look()
        return False

    def _look(self) -> None:
        if not (self._run / "checkpoints").is_dir() or not steps(self._run):
            assert self._reached is None, "the checkpoints are gone"
            self._says_that_nothing_is_there()
            self._forget()
            return
        need_same_checkpoints(self._run, self._whole)
        newest = max(steps(self._run))
        assert self._reached is None or newest >= self._reached, "a checkpoint is gone"
        self._reached = newest
        known = records(self._run)
        assert known == records(self._whole)[: len(known)]
        if self.kills % 5 == 0:
            self._is_read_without_being_changed()

    def _says_that_nothing_is_there(self) -> None:
        done = self._netlab("train", "--resume", "run", folder=self._folder)
        assert done.code == 2, done.err
        assert any(text in done.err for text in NOTHING_YET), done.err

    def _is_read_without_being_changed(self) -> None:
        before = files_of(self._run)
        need_success(self._netlab("summary", "run", folder=self._folder))
        need_success(self._netlab("eval", "--checkpoint", "run", folder=self._folder))
        assert files_of(self._run) == before

    def _forget(self) -> None:
        shutil.rmtree(self._run, ignore_errors=True)
        self._reached = None


@pytest.mark.parametrize("config", ["mlp.yaml", "stream.yaml"])
def test_at_any_moment(netlab, folder, undisturbed, config):
    moments, times = random.Random(config), 50 if ALL else 10
    training = Killed(netlab, folder, config, 20, undisturbed(config, "train.epochs=20"))
    while training.kills < times:
        training.go_on(kill_after=moments.uniform(0.05, 3))
    assert training.go_on()


@pytest.mark.parametrize("config", ["mlp.yaml", "stream.yaml"])
def test_before_any_call_that_changes_the_run(netlab, folder, undisturbed, config):
    every, first = (6, 1 if config == "mlp.yaml" else 4) if ALL else (30, 1 if config == "mlp.yaml" else 16)
    training = Killed(netlab, folder, config, 40, undisturbed(config, "train.epochs=40"))
    places = range(first, CALLS, every)
    for place in (*places, *places):  # begun anew until there is a checkpoint, resumed from then on
        training.go_on(run="run", kill_at=place)
    assert training.kills > len(places)
    assert training.go_on()
