"""Checkpoints are written while the training goes on: the state is copied, and a thread does the rest."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

from netlib.runs import checkpoint, pointers, retention
from netlib.runs.background import Background
from netlib.runs.checkpoint import checkpoints_of, step_of
from netlib.runs.directory import RunDirectory
from netlib.training.checkpoints import Snapshot, TrainingState
from netlib.training.monitor import Monitor


@dataclass(frozen=True)
class Keep:
    """Which checkpoints stay, besides the one that `best` names: the `last` newest (None: all), and of each monitored value so
    many of the best."""

    last: int | None = 2
    best: Sequence[tuple[Monitor, int]] = ()

    def among_best(self, records: Sequence[Mapping[str, Any]], steps: set[int]) -> set[int]:
        """Of the checkpoints of `steps`, those that are among the best by the records of their epochs."""
        found: set[int] = set()
        for monitor, count in self.best:
            values = {record["step"]: monitor.value(record) for record in records if record["step"] in steps}
            measured = {step: value for step, value in values.items() if value is not None}
            found |= retention.best_steps(measured, count, monitor.watched.mode)
        return found


@dataclass(frozen=True)
class Saved:
    """A checkpoint that is whole on the disk; `best` if it was better than all before it."""

    path: Path
    best: bool


class CheckpointWriter:
    """Writes checkpoints of a run; `best` and `latest` point at them, and those that need not stay are removed.

    Only the copy of the state is made at once. What is found later, that a weight is not finite or that the disk is full, is
    raised by `background`, at the latest when it is finished; nobody may read what was written before that.
    """

    def __init__(self, run: RunDirectory, state: TrainingState, keep: Keep, background: Background) -> None:
        self.run = run
        self.keep = keep
        self._state = state
        self._background = background
        self._steps: set[int] | None = None
        self._whole: deque[Saved] = deque()
        self._written = Event()
        self._written.set()

    @property
    def is_writing(self) -> bool:
        """Whether the checkpoint before is not there yet."""
        return not self._written.is_set()

    def wait(self) -> None:
        """Until the checkpoint before is written, or has failed: there is one copy of the state in memory at most."""
        self._written.wait()

    def save(self, *, best: bool = False) -> Path:
        """Copies the present state, to be written; returns the folder that it will have.

        Raises:
            BaseException: whatever went wrong with an earlier one.
        """
        self.wait()
        self._background.check()
        snapshot = self._state.copied()
        self._there.add(snapshot.step)
        kept = self.keep.among_best(snapshot.plain["progress"]["records"], self._there)
        written = Event()
        self._background.hand_over(partial(self._write, snapshot, best, kept, written))
        self._written = written
        return self.run.checkpoints / checkpoint.name_of(snapshot.step)

    def stays(self, record: Mapping[str, Any]) -> bool:
        """Whether a checkpoint of this epoch, which ends now, would stay because it is among the best."""
        step = record["step"]
        return step in self.keep.among_best(self._state.progress.records, self._there | {step})

    def saved(self) -> Iterator[Saved]:
        """Those that have become whole and were not given before."""
        while self._whole:
            yield self._whole.popleft()

    @property
    def _there(self) -> set[int]:
        """Steps whose checkpoints are there or will be. One that was removed is of no account: it was not among the best, and
        none becomes better."""
        if self._steps is None:
            self._steps = {step_of(path) or 0 for path in checkpoints_of(self.run)}
        return self._steps

    def _write(self, snapshot: Snapshot, best: bool, kept: set[int], written: Event) -> None:
        try:
            snapshot.need_finite()
            path = checkpoint.write(self.run, snapshot.step, snapshot.groups, snapshot.plain)
            pointers.point(self.run, "latest", path)
            if best:
                pointers.point(self.run, "best", path)
            retention.prune(self.run, self.keep.last, kept)
            self._whole.append(Saved(path, best))
        finally:
            written.set()
