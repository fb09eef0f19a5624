"""What the displays of a training have in common: the time that is left, a record's metrics."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from typing import Any

_MARKS = 50


class TimeLeft:
    """The time that is left, from how fast the run has advanced lately; what comes once, as compiling does, is left out."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, float]] = deque(maxlen=_MARKS)
        self._validated = False

    def compiling(self) -> None:
        """From now to the next part that is done nothing is to be learned of the speed."""
        self._marks.clear()

    def validating(self) -> None:
        """The first time, the validation is compiled."""
        if not self._validated:
            self.compiling()
        self._validated = True

    def done(self, part: float | None) -> None:
        """Notes that this part of the run, 0 to 1, is done now."""
        if part is not None:
            self._marks.append((part, time.monotonic()))

    def seconds(self) -> float | None:
        """From now to the end of the run; None while it cannot be told."""
        if len(self._marks) < 2 or self._marks[-1][0] <= self._marks[0][0]:
            return None
        (began, start), (done, end) = self._marks[0], self._marks[-1]
        needed = (1 - done) * (end - start) / (done - began)
        return max(0.0, needed - (time.monotonic() - end))


def fraction(
    epoch: int, epochs: int | None, step: int, steps: int | None, total_steps: int | None = None
) -> float | None:
    """How much of the run is done, 0 to 1; None where that cannot be told.

    Args:
        epoch: the one under way, counted from 1.
        epochs: of the run; None where another budget ends it.
        step: of the epoch.
        steps: of a whole epoch; None where that is not known.
        total_steps: after which the run ends, if it does not end before; None where only epochs say.
    """
    if not steps:
        return None
    budgets = [total for total in (epochs and epochs * steps, total_steps) if total]
    return min(1.0, ((epoch - 1) * steps + step) / min(budgets)) if budgets else None


def metrics_of(record: Mapping[str, Any]) -> dict[str, float]:
    """A record's metrics under their whole names, `train.loss`; the validation's after them."""
    return {
        f"{split}.{name}": value
        for split in ("train", "validation")
        for name, value in (record.get(split) or {}).items()
    }


def of(number: int, total: int | None) -> str:
    """` 3/10`, or `3` where the total is not known."""
    return f"{number:>{len(str(total))}}/{total}" if total else str(number)
