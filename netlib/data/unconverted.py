"""Samples whose files have to be converted before any rows of them can be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from netlib.data.streaming import Reader


@dataclass(frozen=True)
class Unconverted:
    """What is known of them before: whoever wants to read them converts them.

    Attributes:
        rows: how many there are, about.
        row_bytes: what a row takes in memory, about, and rather more than less.
        converted: converts the files, and gives what reads them.
    """

    rows: int
    row_bytes: int
    converted: Callable[[], Reader]
