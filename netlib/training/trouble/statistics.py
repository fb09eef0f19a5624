"""What is to be said of many numbers: least, greatest, mean, and how many are not finite."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

HUGE = 1e15
"""Numbers from here on are pointed out: sums of their squares come near the end of float32."""


@dataclass(frozen=True)
class Statistics:
    """Of an array: `least`, `greatest` and `mean` are those of its finite numbers, 0 where it has none."""

    shape: tuple[int, ...]
    dtype: str
    least: float
    greatest: float
    mean: float
    nans: int
    infinities: int

    @classmethod
    def of(cls, values: Any) -> Statistics:
        """Of an array or a tensor of numbers."""
        given = np.asarray(values)
        array = given.astype(np.float64) if given.dtype.kind != "b" else given.astype(np.int8)
        finite = array[np.isfinite(array)]
        least, greatest, mean = (
            (float(finite.min()), float(finite.max()), float(finite.mean())) if finite.size else (0.0, 0.0, 0.0)
        )
        nans = int(np.isnan(array).sum())
        return cls(given.shape, given.dtype.name, least, greatest, mean, nans, array.size - finite.size - nans)

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def finite(self) -> bool:
        """Whether all of them are finite."""
        return not (self.nans or self.infinities)

    @property
    def largest(self) -> float:
        """The greatest distance of a finite number from 0."""
        return max(abs(self.least), abs(self.greatest))

    @property
    def trouble(self) -> str:
        """What is not finite: `3 NaN and 1 infinite of 64 numbers`."""
        counts = ((self.nans, "NaN"), (self.infinities, "infinite"))
        found = " and ".join(f"{count} {noun}" for count, noun in counts if count)
        return f"{found or 'none'} of {self.size} number{'' if self.size == 1 else 's'}"

    def __str__(self) -> str:
        if self.nans + self.infinities == self.size:
            return self.trouble
        values = f"least {self.least:.4g}, greatest {self.greatest:.4g}, mean {self.mean:.4g}"
        return f"{values}, {'all finite' if self.finite else self.trouble}"

    def plain(self) -> dict[str, Any]:
        """As plain values."""
        return {**asdict(self), "shape": list(self.shape)}


def odd_rows(values: Any) -> np.ndarray:
    """The rows of an array, the first axis, in which a number is not finite or is huge."""
    array = np.asarray(values)
    if array.dtype.kind not in "fV" or not array.ndim:
        return np.zeros(0, np.int64)
    odd = ~(np.abs(array.astype(np.float64)) < HUGE)
    return np.flatnonzero(odd.reshape(len(array), -1).any(axis=1))


def spoilt_rows(values: Any) -> np.ndarray:
    """The rows in which a number is not finite."""
    array = np.asarray(values)
    if not array.ndim:
        return np.zeros(0, np.int64)
    return np.flatnonzero(~np.isfinite(array.astype(np.float64)).reshape(len(array), -1).all(axis=1))
