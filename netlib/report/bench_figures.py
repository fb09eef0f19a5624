"""The arithmetic of a benchmark: medians and spreads, ratios, rates and shares. Plain numbers in, plain values out."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from typing import Any


def spread(values: Sequence[float]) -> dict[str, Any]:
    """`median`, `min` and `max`, and the values themselves, round by round."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "rounds": list(values)}


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> dict[str, Any]:
    """The spread of the ratios of rates that were measured in turns, round by round."""
    return spread([mine / other for mine, other in zip(ours, theirs, strict=True)])


def geometric_mean(values: Iterable[float]) -> float | None:
    """The root of the product; None of nothing."""
    logarithms = [math.log(value) for value in values]
    return math.exp(statistics.fmean(logarithms)) if logarithms else None


def shares(seconds: float, compute: float, data: float) -> dict[str, float]:
    """What part of the time is spent in the compiled loop, in waiting for data, and in Python: 1 together.

    The parts are taken by two clocks and may exceed the whole by a little: Python then has 0.
    """
    python = max(0.0, seconds - compute - data)
    whole = python + compute + data
    return {"compute": compute / whole, "data": data / whole, "python": python / whole}


def operations(flops: int | None, samples_per_second: float, peak: float) -> dict[str, Any]:
    """Floating-point operations: of a sample (forward and backward), in a second, and these as a share of a peak.

    A network of which they are not known has None.
    """
    if flops is None:
        return {"per_sample": None, "per_second": None, "share_of_matmul_peak": None}
    rate = flops * samples_per_second
    return {"per_sample": flops, "per_second": rate, "share_of_matmul_peak": rate / peak}
