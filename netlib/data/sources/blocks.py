"""Numbers of any width become those that netlab holds, block by block, so that no more than a block lies in memory twice."""

from __future__ import annotations

import numpy as np

from netlib.data.arrays import Array
from netlib.spec.errors import NetlabError

BLOCK = 1 << 24
"""Bytes of a block before it is converted."""


def converted(values: Array, where: str, numbers: Array | None = None) -> Array:
    """Floats as float32, a single axis of them as a column; integers as int32 or narrower, booleans as they are.

    What is such an array already, without gaps, is returned as it is, be it mapped from a file or in memory.

    Args:
        values: the rows.
        where: what they are, for the message.
        numbers: that of each row, by default from 0.

    Raises:
        NetlabError: about `where`: a number that float32 or int32 cannot hold.
    """
    if values.dtype.kind == "f":
        result = _blockwise(values, np.dtype(np.float32), where, numbers)
        return result if result.ndim > 1 else result[:, None]
    narrow = values.dtype.itemsize < 4
    return _blockwise(values, values.dtype.newbyteorder("=") if narrow else np.dtype(np.int32), where, numbers)


def _blockwise(values: Array, dtype: np.dtype[np.generic], where: str, numbers: Array | None) -> Array:
    if values.dtype == dtype and values.flags.c_contiguous:
        return np.asarray(values)
    result = np.empty(values.shape, dtype)
    rows = max(1, BLOCK * len(values) // max(values.nbytes, 1))
    for start in range(0, len(values), rows):
        part = slice(start, start + rows)
        with np.errstate(over="ignore", invalid="ignore"):
            result[part] = values[part]
        _refuse_unlike(
            values[part], result[part], range(start, len(values)) if numbers is None else numbers[part], where
        )
    return result


def _refuse_unlike(values: Array, found: Array, numbers: Array | range, where: str) -> None:
    """Refuses a finite number that became infinite, or an integer that became another."""
    wrong = np.isinf(found) & np.isfinite(values) if found.dtype.kind == "f" else found != values
    if wrong.any():
        index = np.unravel_index(int(wrong.argmax()), wrong.shape)
        raise NetlabError(
            f"{where} has {values[index]} in row {numbers[int(index[0])]}, which {found.dtype} cannot hold"
        )
