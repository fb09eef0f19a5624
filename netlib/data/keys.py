"""The values of a column that a split looks at: which rows have the same one, and how they are written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from netlib.data.arrays import Array, Values
from netlib.data.portions import Portions, portions_of
from netlib.data.rows import code_type, counts_of
from netlib.spec.errors import NetlabError, Problem, SpecError
from netlib.spec.features import Kind

MANY = 1 << 16
"""Different values that are brought together, or written, at a time, at least."""


@dataclass(frozen=True)
class Keys:
    """A column's values; `numbers` has that of each row among the distinct ones, which are in rising order.

    `numbers` are of the smallest type that holds them. `distinct` is a series of texts, or an array, times being in microseconds
    since 1970, and `kind` is what they are.
    """

    name: str
    numbers: Array
    distinct: Values
    kind: Kind

    def texts(self) -> Iterator[str]:
        """The distinct values as texts: integers as their digits."""
        written = _written if self.kind == "numbers" else str
        for start in range(0, len(self.distinct), MANY):
            yield from map(written, _plain(self.distinct[start : start + MANY]))

    @property
    def counts(self) -> Array:
        """Rows that have each of the distinct values."""
        return counts_of(self.numbers, len(self.distinct))


def keys_of(name: str, values: Values | Portions) -> Keys:
    """The values of the column `name`, which are looked at twice, a portion at a time.

    Raises:
        SpecError: it has several values a row.
        NetlabError: a row has none.
    """
    portions = portions_of(values)
    kind, distinct = _distinct(name, portions)
    numbers = np.empty(len(portions), code_type(len(distinct)))
    done = 0
    for part in portions:
        numbers[done : done + len(part)] = _places(distinct, _flat(name, part))
        done += len(part)
    return Keys(name, numbers, distinct, kind)


def _distinct(name: str, portions: Portions) -> tuple[Kind, Values]:
    """What the values are, and all different ones in rising order."""
    kind: Kind = "numbers"
    found: list[Any] = []
    known = waiting = done = gone = 0
    first: int | None = None
    for values in portions:
        kind = _kind(values)
        flat = _flat(name, values)
        missing = np.isnan(values).reshape(-1) if isinstance(values, np.ndarray) else values.is_null().to_numpy()
        if missing.any():
            first = done + int(missing.argmax()) if first is None else first
            gone += int(missing.sum())
        done += len(values)
        found.append(_different([flat]))
        waiting += len(found[-1])
        if waiting > max(MANY, known):
            found = [_different(found)]
            known, waiting = len(found[0]), 0
    if first is not None:
        raise NetlabError(
            f"column '{name}' has no value in row {first} ({gone} such): the split needs one in every row"
        )
    return kind, _different(found)


def _kind(values: Values) -> Kind:
    if isinstance(values, np.ndarray):
        return "numbers"
    return "text" if str(values.dtype) == "String" else "times"


def _flat(name: str, values: Values) -> Any:
    """One number or text a row; times as microseconds."""
    if not isinstance(values, np.ndarray):
        return values if _kind(values) == "text" else values.to_physical().fill_null(0).to_numpy()
    if values.size != len(values):
        message = f"column '{name}' has {values[0].size} values a row; a split looks at one"
        raise SpecError([Problem(("split",), message)], "data")
    return values.reshape(-1)


def _different(parts: list[Any]) -> Any:
    """All different values, in rising order."""
    if isinstance(parts[0], np.ndarray):
        return np.unique(np.concatenate(parts))
    import polars as pl

    return pl.concat(parts).unique().sort()


def _places(distinct: Any, values: Any) -> Array:
    """Where each value is among the distinct ones."""
    if isinstance(values, np.ndarray):
        return _by_table(distinct, values) if values.dtype.kind in "iu" else np.searchsorted(distinct, values)
    if len(distinct) > len(values):  # than which a table of them would be larger
        return distinct.search_sorted(values).to_numpy()  # type: ignore[no-any-return]
    codes = np.arange(len(distinct), dtype=np.uint32)
    return values.replace_strict(distinct, codes).to_numpy()  # type: ignore[no-any-return]


def _by_table(distinct: Array, values: Array) -> Array:
    """The same of integers, which is much faster where they are near each other."""
    least, most = int(distinct[0]), int(distinct[-1])
    if most - least > max(MANY, len(values)):
        return np.searchsorted(distinct, values)
    table = np.empty(most - least + 1, np.int64)
    table[distinct.astype(np.int64) - least] = np.arange(len(distinct))
    found: Array = table[values.astype(np.int64) - least]
    return found


def _plain(values: Values) -> list[Any]:
    return values.tolist() if isinstance(values, np.ndarray) else values.to_list()


def _written(value: Any) -> str:
    """Whole numbers as their digits, whatever they are stored as."""
    return str(int(value)) if float(value).is_integer() else repr(value)
