"""Mean and spread of values that come one after the other, without keeping them."""

from __future__ import annotations

from typing import Any

import numpy as np

from netlib.data.arrays import Array


class Moments:
    """Of arrays of one shape, elementwise and in double precision.

    Welford, *Note on a method for calculating corrected sums of squares and products*, 1962.
    """

    def __init__(self) -> None:
        self._count = 0
        self._mean: Any = 0.0
        self._squares: Any = 0.0

    def add(self, values: Array) -> None:
        """One more of them."""
        self._count += 1
        apart = values.astype(np.float64) - self._mean
        self._mean = self._mean + apart / self._count
        self._squares = self._squares + apart * (values - self._mean)

    @property
    def mean(self) -> Array:
        """Float32, like the values of most outputs."""
        return np.asarray(self._mean, np.float32)

    @property
    def std(self) -> Array:
        """Standard deviation of what the values are drawn from, estimated with n - 1; there are two or more."""
        return np.asarray(np.sqrt(self._squares / (self._count - 1)), np.float32)
