"""Numbers as a person reads them: counts, metrics, durations and sizes."""

from __future__ import annotations

import math

_SIZES = ("KiB", "MiB", "GiB", "TiB")


def count(number: int) -> str:
    """`1,234,567`, to the last digit."""
    return f"{number:,}"


def metric(value: float) -> str:
    """A loss or a metric with about five digits: `0.9712`, `12.346`, `3.1e-05`."""
    size = abs(value)
    if not math.isfinite(value) or value == 0:
        return f"{value:g}"
    if size < 1e-3 or size >= 99_999.5:
        return f"{value:.2e}"
    whole_digits = max(1, math.floor(math.log10(size)) + 1)
    return f"{value:.{5 - whole_digits}f}"


def duration(seconds: float) -> str:
    """`25 ms`, `0.4 s`, `42 s`, `3 min 05 s` or `2 h 05 min`."""
    if seconds < 0.095:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min"


def size(number_of_bytes: int) -> str:
    """`512 B`, `71.8 KiB`, `1.2 GiB`: powers of 1024."""
    if number_of_bytes < 1024:
        return f"{number_of_bytes} B"
    scaled = float(number_of_bytes)
    for unit in _SIZES:
        scaled /= 1024
        if scaled < 1023.95 or unit == _SIZES[-1]:
            break
    return f"{scaled:.1f} {unit}"
