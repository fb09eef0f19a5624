"""When a checkpoint is due."""

from __future__ import annotations

from dataclasses import dataclass

from netlib.training.progress import Progress


@dataclass
class Due:
    """Epochs, steps and seconds between two checkpoints; None for no limit of that kind.

    The seconds are the training's own (`Progress.elapsed`), from whichever checkpoint was the last: what is computed does not
    depend on them.
    """

    every_epochs: int | None = None
    every_steps: int | None = None
    every_seconds: float | None = None
    last: float = 0.0
    """Seconds of training at the last checkpoint."""

    def after_chunk(self, progress: Progress) -> bool:
        """Whether one is due between the steps of an epoch, by their number."""
        return is_due(self.every_steps, progress.step)

    def after_epoch(self, progress: Progress) -> bool:
        """Whether one is due at the end of an epoch, or of what was run of it."""
        return is_due(self.every_epochs, progress.epoch) or self.after_chunk(progress)

    def next_stop(self, step: int) -> int | None:
        """The next step after which a chunk must end; None if it does not matter."""
        return step - step % self.every_steps + self.every_steps if self.every_steps else None

    def saved(self, progress: Progress) -> None:
        """Remembers that one is being written."""
        self.last = progress.elapsed

    def by_clock(self, progress: Progress) -> bool:
        """Whether so much time has gone by since the last one."""
        return self.every_seconds is not None and progress.elapsed - self.last >= self.every_seconds


def is_due(every: int | None, count: int) -> bool:
    """Whether something that is done every so many epochs or steps is to be done after `count` of them; never if None."""
    return every is not None and count % every == 0
