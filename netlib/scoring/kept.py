"""Arrays that are kept window by window, for what needs all of them at once, unless they are too many."""

from __future__ import annotations

from netlib.scoring.confusion import Array

MOST_KEPT = 2**24
"""Numbers that are kept, at most."""


class Kept:
    """`parts` has the arrays of each window; None where they were too many."""

    def __init__(self) -> None:
        self.parts: list[tuple[Array, ...]] | None = []
        self._count = 0

    def add(self, counted: Array, *beside: Array) -> None:
        """Keeps the arrays of a window, the numbers of the first being counted."""
        self._count += counted.size
        if self._count > MOST_KEPT:
            self.parts = None
        if self.parts is not None:
            self.parts.append((counted, *beside))
