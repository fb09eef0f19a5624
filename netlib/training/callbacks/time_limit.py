"""`TimeLimit`: an end after a time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netlib.spec import callbacks as spec
from netlib.training.callbacks.callback import SpecCallback, Training


class TimeLimit(SpecCallback[spec.TimeLimit]):
    """Ends training at the first chunk of steps that ends after the time; validation and the rest are not cut short.

    The time is that of this call alone; `train.max_time` is counted over all parts of a run.

    >>> TimeLimit("1h30m").spec.limit
    5400.0
    """

    _end: float | None = None

    def join(self, training: Training) -> None:
        """The training's own clock is looked at, which is the same for all that train together."""
        self._progress = training.progress
        self._end = None

    def run_started(self, run: Path | None, header: Mapping[str, Any]) -> None:
        """From now on the time is counted."""
        self._end = self._progress.elapsed + self.spec.limit

    def stop(self) -> str | None:
        """When the time is over."""
        over = self._end is not None and self._progress.elapsed >= self._end
        return f"the time limit of {self.spec.limit:g} s is reached" if over else None
