"""Arrays as they stand in a pickle: what NumPy would be asked for, held against itself before NumPy makes anything of it."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from netlib.data.arrays import Array

ALLOWED = frozenset(
    (module, name)
    for module, name in (
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "_reconstruct"),
    )
)
DTYPE = re.compile(r"[<>|=]?([buif][1248]|O8?)")


class PickleProblem(ValueError):
    """What a pickle has that is no number, text, list, tuple, mapping or array."""


class PickledName:
    """One of the names that are allowed; it stands for itself and can do nothing."""

    def __init__(self, name: str) -> None:
        self.name = name


class PickledDtype:
    """A dtype in the making: what it is called, and the order of its bytes."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.order = "|"

    def build(self, state: Any) -> None:
        """Takes what NumPy adds to the name: of a plain dtype, the order of the bytes, and no fields."""
        plain = isinstance(state, tuple) and len(state) >= 5 and text_of(state[1]) in tuple("<>|=")
        if not plain or any(part is not None for part in state[2:5]):
            raise PickleProblem("it has a dtype that is not one of plain numbers")
        self.order = text_of(state[1])


class PickledArray:
    """An array in the making; `values` is a list where it holds objects."""

    values: Array | list[Any] | None = None

    def build(self, state: Any) -> None:
        """Takes version, shape, dtype, whether it is stored column by column, and the bytes or the list of values."""
        if not isinstance(state, tuple) or len(state) != 5 or not isinstance(state[2], PickledDtype):
            raise PickleProblem("it has an array of an unknown form")
        _, shape, dtype, by_column, data = state
        if not isinstance(shape, tuple) or any(type(length) is not int or length < 0 for length in shape):
            raise PickleProblem("it has an array of an unknown form")
        if dtype.code.startswith("O"):
            if not isinstance(data, list) or shape != (len(data),):
                raise PickleProblem("it has an array of objects that are not as many as it says")
            self.values = data
            return
        found = np.dtype(dtype.code).newbyteorder(dtype.order if dtype.order in "<>" else "=")
        if not isinstance(data, bytes) or len(data) != math.prod(shape) * found.itemsize:
            raise PickleProblem("it has an array whose length is not what its shape says")
        self.values = np.frombuffer(data, found).reshape(shape, order="F" if by_column is True else "C")


def text_of(value: Any) -> str:
    """Text, that of Python 2 too."""
    return value.decode("ascii", "replace") if isinstance(value, bytes) else value if isinstance(value, str) else ""
