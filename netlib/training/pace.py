"""How many steps one call to the compiled loop makes."""

from __future__ import annotations

TARGET_SECONDS = 0.2
"""Time between two returns to Python: often enough to draw progress and to stop, seldom enough to cost nothing."""

GROWTH = 8


class Pace:
    """Adapts the length of a chunk to `TARGET_SECONDS`. The length decides when Python looks, and never what is computed."""

    def __init__(self, capacity: int) -> None:
        self.length = 1
        self._capacity = capacity
        self._step_seconds = 0.0

    def took(self, steps: int, seconds: float) -> None:
        """Learns from a chunk; one that compiled should not be told."""
        wanted = int(steps * TARGET_SECONDS / max(seconds, 1e-6))
        self.length = max(1, min(wanted, max(self.length, steps) * GROWTH, self._capacity))
        self._step_seconds = seconds / steps

    def within(self, seconds: float | None) -> int:
        """The length of a chunk that is to be done in so many seconds, as far as that is known; None for no limit."""
        if seconds is None or not self._step_seconds:
            return self.length
        return max(1, min(self.length, int(seconds / self._step_seconds)))
