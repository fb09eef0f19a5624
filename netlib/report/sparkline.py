"""A row of values as a line of little bars."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

BARS = "▁▂▃▄▅▆▇█"
PLAIN_BARS = "_.,-~=+#"
"""For a stream that does not take the others; see `netlib.report.terminal.can_draw`."""


def sparkline(values: Sequence[float], width: int, *, draws: bool = True) -> str:
    """The values in at most `width` characters, the lowest and the highest bar for the least and the greatest.

    Where there are more values than characters each stands for the mean of some. What is not finite is a gap; values that are
    all equal are half high.

    Args:
        values: in their order.
        width: characters at most.
        draws: whether what it is for takes more than ASCII.
    """
    means = _means(values, width)
    finite = [mean for mean in means if math.isfinite(mean)]
    if not finite:
        return " " * len(means)
    bars, least, most = BARS if draws else PLAIN_BARS, min(finite), max(finite)
    return "".join(_bar(mean, least, most, bars) if math.isfinite(mean) else " " for mean in means)


def _bar(value: float, least: float, most: float, bars: str) -> str:
    if most == least:
        return bars[len(bars) // 2 - 1]
    return bars[round((value / 2 - least / 2) / (most / 2 - least / 2) * (len(bars) - 1))]  # halves never overflow


def _means(values: Sequence[float], width: int) -> list[float]:
    """Of the finite values of each of at most `width` pieces; NaN of a piece without any."""
    pieces = min(len(values), max(width, 0))
    bounds = [len(values) * place // pieces for place in range(pieces + 1)] if pieces else [0]
    return [_mean(values[start:end]) for start, end in pairwise(bounds)]


def _mean(values: Sequence[float]) -> float:
    finite = [value for value in values if math.isfinite(value)]
    return math.fsum(value / len(finite) for value in finite) if finite else math.nan
