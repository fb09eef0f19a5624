"""What the checkpoints of a training take on the disk, known before it is used."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from netlib.report.numbers import size
from netlib.runs.atomic import explained
from netlib.runs.checkpoint import checkpoints_of
from netlib.spec.errors import NetlabError
from netlib.spec.training import TrainSpec
from netlib.training.job import Fit

WHILE_REPLACING = 1
"""A new checkpoint is whole before an older one is removed."""


@dataclass(frozen=True)
class DiskUse:
    """Bytes of one checkpoint, and how many are there at once at most; None if that cannot be told."""

    size: int
    most: int | None

    def line(self) -> str:
        """In words."""
        one = f"a checkpoint takes {size(self.size)}"
        if self.most is None:
            return f"{one}; all of them stay"
        return f"{one}; at most {self.most} are there at once ({size(self.most * self.size)})"

    def need_room(self, folder: Path, there: int = 0) -> str | None:
        """What is to be said of the room on the disk of `folder`, or of the nearest folder above that is there; None if there is
        enough for all. `there` checkpoints are there already.

        Raises:
            NetlabError: there is no room for two.
        """
        with explained(folder, "find the room for"):
            place = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.is_dir())
            free = shutil.disk_usage(place).free
        two = self._missing(2, there)
        has = f"the disk of {place} has {size(free)} left"
        if free < two:
            needed = f"a checkpoint takes {size(self.size)}, and two must have room, so {size(two)} are needed"
            raise NetlabError(f"{has}: {needed}. Make room there, or put the run elsewhere with --run-dir")
        if self.most is None or free >= self._missing(self.most, there):
            return None
        return f"{has}, not enough for all checkpoints: make room, or let fewer stay (train.checkpoint.keep_last, keep_best)"

    def _missing(self, count: int, there: int) -> int:
        return max(count - there, WHILE_REPLACING) * self.size


def most_at_once(train: TrainSpec, monitor: str, steps_per_epoch: int | None) -> int | None:
    """How many checkpoints of a training are there at once at most; None if that cannot be told.

    Args:
        train: its section.
        monitor: the logged value that decides about the best one, which always stays.
        steps_per_epoch: None if that is not known.
    """
    written = _written(train, steps_per_epoch)
    spec = train.checkpoint
    if spec.newest is None:
        return written
    best = sum(each.count for each in spec.best.values()) + (not {None, monitor} & spec.best.keys())
    staying = spec.newest + best + WHILE_REPLACING
    return staying if written is None else min(staying, written)


def _written(train: TrainSpec, steps_per_epoch: int | None) -> int | None:
    """How many are written at most: at the beginning, after epochs (any may be the best), steps and minutes."""
    spec, epochs, steps = train.checkpoint, train.epochs, train.steps
    if epochs is None and steps is not None and steps_per_epoch:
        epochs = -(-steps // steps_per_epoch)
    if steps is None and epochs is not None and steps_per_epoch:
        steps = epochs * steps_per_epoch
    counts = [1, epochs]
    if spec.every_steps:
        counts.append(None if steps is None else steps // spec.every_steps)
    if spec.every_minutes:
        counts.append(None if train.max_time is None else int(train.max_time // (60 * spec.every_minutes)))
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def said_of_disk(job: Fit, train: TrainSpec, folder: Path) -> list[str]:
    """What a training that has not begun yet will take of the disk of `folder`, and whether that is there.

    Raises:
        NetlabError: there is no room for two checkpoints.
    """
    use = DiskUse(job.state.size, most_at_once(train, job.monitor.name, job.feed.steps))
    lacking = use.need_room(folder, len(checkpoints_of(job.writer.run)) if job.writer else 0)
    return [use.line(), *([lacking] if lacking else [])]
