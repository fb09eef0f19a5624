"""How long to train."""

from __future__ import annotations

from dataclasses import dataclass

from netlib.training.progress import Progress

SPENT = "the budget is spent"
"""Why a training ended that did all that it was to do."""


@dataclass(frozen=True)
class Budget:
    """Epochs, steps and seconds; the first that is spent ends the training. None has no limit."""

    epochs: int | None = None
    steps: int | None = None
    max_time: float | None = None

    def spent(self, progress: Progress) -> bool:
        """Whether training is at its end."""
        return (
            (self.epochs is not None and progress.epoch >= self.epochs)
            or (self.steps is not None and progress.step >= self.steps)
            or (self.max_time is not None and progress.elapsed >= self.max_time)
        )

    def words(self, progress: Progress) -> str:
        """Which limit ended the training."""
        if self.epochs is not None and progress.epoch >= self.epochs:
            return "the epoch is trained" if self.epochs == 1 else f"all {self.epochs:,} epochs are trained"
        if self.steps is not None and progress.step >= self.steps:
            return "the step is trained" if self.steps == 1 else f"all {self.steps:,} steps are trained"
        return "the time is over"

    def seconds_left(self, progress: Progress) -> float | None:
        """Until the time is over; None if it has no limit."""
        return None if self.max_time is None else self.max_time - progress.elapsed

    def limit(self, progress: Progress, end: int) -> int:
        """The position in the epoch at which a chunk that would go on to `end` must stop."""
        return end if self.steps is None else min(end, progress.position + self.steps - progress.step)
