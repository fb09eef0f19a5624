"""Numbers of rows, in no more memory than they need."""

from __future__ import annotations

from typing import Any

import numpy as np

from netlib.data.arrays import Array

AT_ONCE = 1 << 20
"""Rows that are looked at together, where there is something of each besides what is kept."""


def number_type(count: int) -> np.dtype[Any]:
    """What the numbers of so many rows fit in: int32 wherever it can be."""
    return np.dtype(np.int32 if count <= 2**31 else np.int64)


def code_type(count: int) -> np.dtype[Any]:
    """What the numbers of so many different values fit in, unsigned while that is less than int32."""
    return np.dtype(np.uint8 if count <= 2**8 else np.uint16 if count <= 2**16 else number_type(count))


def rows_where(mask: Array) -> Array:
    """The numbers, in rising order, of the rows for which it is True."""
    found = np.empty(np.count_nonzero(mask), number_type(len(mask)))
    done = 0
    for start in range(0, len(mask), AT_ONCE):
        near = np.flatnonzero(mask[start : start + AT_ONCE])
        found[done : done + len(near)] = near + start
        done += len(near)
    return found


def gathered(values: Array, numbers: Array) -> Array:
    """The rows of these numbers, in this order; read in rising order, for `values` may be those of a mapped file."""
    numbers = np.asarray(numbers)
    if (numbers[1:] >= numbers[:-1]).all():
        return values.take(numbers, axis=0)
    order, back = there_and_back(numbers)
    return values.take(numbers[order], axis=0).take(back, axis=0)


def there_and_back(numbers: Array) -> tuple[Array, Array]:
    """What brings numbers into rising order, in which equal ones may change places, and what undoes it."""
    order = np.argsort(numbers)
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return order, back


def counts_of(numbers: Array, different: int) -> Array:
    """How often each number from 0 to `different - 1` occurs."""
    counts = np.zeros(different, np.int64)
    for start in range(0, len(numbers), AT_ONCE):
        counts += np.bincount(numbers[start : start + AT_ONCE], minlength=different)
    return counts
