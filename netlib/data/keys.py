"""The values of a column that a split looks at: which rows have the same one, and how they are written."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from netlib.data.arrays import Array, Values
from netlib.spec.errors import NetlabError, Problem, SpecError
from netlib.spec.features import Kind


@dataclass(frozen=True)
class Keys:
    """A column's values; `numbers` has that of each row among the distinct ones, which are in rising order.

    `distinct` are these, times in microseconds since 1970, and `kind` is what they are.
    """

    name: str
    numbers: Array
    distinct: list[Any]
    kind: Kind

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The distinct values as texts: integers as their digits."""
        return tuple(map(_written if self.kind == "numbers" else str, self.distinct))

    @property
    def counts(self) -> Array:
        """Rows that have each of the distinct values."""
        return np.bincount(self.numbers, minlength=len(self.distinct))


def keys_of(name: str, values: Values) -> Keys:
    """The values of the column `name`.

    Raises:
        SpecError: it has several values a row.
        NetlabError: a row has none.
    """
    if isinstance(values, np.ndarray):
        return _of_numbers(name, values)
    _need_all(name, values.is_null().to_numpy())
    kind: Kind = "text" if str(values.dtype) == "String" else "times"
    plain = values.to_physical()
    distinct = plain.unique().sort().to_list()
    return Keys(name, plain.rank("dense").to_numpy().astype(np.int64) - 1, distinct, kind)


def _of_numbers(name: str, values: Array) -> Keys:
    if values.size != len(values):
        message = f"column '{name}' has {values[0].size} values a row; a split looks at one"
        raise SpecError([Problem(("split",), message)], "data")
    flat = values.reshape(-1)
    _need_all(name, np.isnan(flat))
    distinct, numbers = np.unique(flat, return_inverse=True)
    return Keys(name, numbers, distinct.tolist(), "numbers")


def _written(value: Any) -> str:
    """Whole numbers as their digits, whatever they are stored as."""
    return str(int(value)) if float(value).is_integer() else repr(value)


def _need_all(name: str, missing: Array) -> None:
    if missing.any():
        first, count = int(missing.argmax()), int(missing.sum())
        raise NetlabError(
            f"column '{name}' has no value in row {first} ({count} such): the split needs one in every row"
        )
