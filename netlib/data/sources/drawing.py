"""What several generated sets are drawn with: balanced classes, noise, float32, and blocks of samples."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from netlib.data.arrays import Array

Random = np.random.Generator

BLOCK = 2**20
"""Values that are worked on at once, so that what is computed on the way stays small. Another number would draw other bits."""


def balanced(samples: int, classes: int) -> Array:
    """Classes in turn: 0, 1, 2, 0, 1, ..."""
    return np.arange(samples) % classes


def noisy(values: Array, deviation: float, random: Random) -> Array:
    """The values with normal noise of that standard deviation."""
    with np.errstate(over="ignore"):  # what does not fit is found, and named, by netlib.data.contract
        result: Array = values + deviation * random.standard_normal(values.shape)
    return result


def float32(values: Array) -> Array:
    """The values as float32."""
    with np.errstate(over="ignore"):  # as above
        return values.astype(np.float32)


def blocks(samples: int, values: int) -> Iterator[slice]:
    """The samples in order, in slices of about `BLOCK` values, where each sample has so many `values`."""
    step = max(BLOCK // values, 1)
    return (slice(start, min(start + step, samples)) for start in range(0, samples, step))
