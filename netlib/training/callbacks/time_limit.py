"""`TimeLimit`: an end after a time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netlib.spec import callbacks as spec
from netlib.training.callbacks.callback import SpecCallback


class TimeLimit(SpecCallback[spec.TimeLimit]):
    """Ends training at the first chunk of steps that ends after the time; validation and the rest are not cut short.

    The time is that of this call alone, by the clock; `train.max_time` is counted over all parts of a run.

    >>> TimeLimit("1h30m").spec.limit
    5400.0
    """

    _end: float | None = None

    def run_started(self, run: Path | None, header: Mapping[str, Any]) -> None:
        """From now on the time is counted."""
        self._end = time.monotonic() + self.spec.limit

    def stop(self) -> str | None:
        """When the time is over."""
        over = self._end is not None and time.monotonic() >= self._end
        return f"the time limit of {self.spec.limit:g} s is reached" if over else None
