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

    def took(self, steps: int, seconds: float) -> None:
        """Learns from a chunk; one that compiled should not be told."""
        wanted = int(steps * TARGET_SECONDS / max(seconds, 1e-6))
        self.length = max(1, min(wanted, max(self.length, steps) * GROWTH, self._capacity))
