"""The columns of samples as a person looks at them: what they hold, how much of it, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from netlib.data.arrays import Array, Arrays, Values
from netlib.data.columns import is_table, single_columns
from netlib.spec.features import DataSignature
from netlib.spec.looks import ColumnLook

if TYPE_CHECKING:
    import polars as pl

BARS = 10
FREQUENT = 3
"""Values of a column that are named."""

Role = Literal["input", "target", "weight", "split"]


def columns(samples: Arrays, raw: DataSignature) -> Iterator[ColumnLook]:
    """A look at every column, and every array of several axes, of the samples as the source gives them."""
    member = {column: name for name, parts in raw.joins.items() for column in parts}
    weights = {} if samples.weights is None else {"weights": samples.weights}
    roles: dict[Role, Mapping[str, Values]] = {
        "input": samples.inputs,
        "target": samples.targets,
        "weight": weights,
        "split": samples.beside,
    }
    for role, arrays in roles.items():
        for name, values in arrays.items():
            flat = is_table(values) or values[:1].shape[1:] in ((), (1,))
            for called, column in single_columns({name: values}) if flat else [(name, values)]:
                yield _look(called, role, member.get(name, ""), column)


def _look(name: str, role: Role, member: str, values: Values) -> ColumnLook:
    if not isinstance(values, np.ndarray):
        facts = _of_texts(values) if str(values.dtype) == "String" else _of_times(values)
        return ColumnLook(name, role, member, shape=(), missing=values.null_count(), **facts)
    gone = int(np.isnan(values).sum()) if values.dtype.kind == "f" else 0
    facts = _of_numbers(values.reshape(-1), single=values.ndim == 1)
    return ColumnLook(name, role, member, values.dtype.name, values.shape[1:], gone, **facts)


def _of_numbers(values: Array, *, single: bool) -> dict[str, Any]:
    """Of infinite values only that there are some can be said, and by `low` and `high`."""
    there = values[~np.isnan(values)] if values.dtype.kind == "f" else values
    if not len(there):
        return {}
    low, high = there.min(), there.max()
    finite = bool(np.isfinite(low) and np.isfinite(high))
    facts: dict[str, Any] = {"low": float(low), "high": float(high)}
    if finite:
        facts |= {"mean": float(there.mean(dtype=np.float64)), "deviation": float(there.std(dtype=np.float64))}
        facts["bars"] = _bars(there, float(low), float(high))
    if single and values.dtype.kind != "f":
        found, counts = np.unique(there, return_counts=True)
        order = np.lexsort((found, -counts))[:FREQUENT]
        facts["distinct"] = len(found)
        facts["frequent"] = tuple((str(int(found[i])), int(counts[i])) for i in order)
    return facts


def _bars(values: Array, low: float, high: float) -> tuple[int, ...]:
    """Of few integers one for each of those from the least to the greatest."""
    if values.dtype.kind != "f" and high - low < BARS:
        return tuple(map(int, np.bincount(values.astype(np.int64) - int(low), minlength=int(high - low) + 1)))
    return tuple(map(int, np.histogram(values, bins=BARS, range=(low, high))[0]))


def _of_texts(values: pl.Series) -> dict[str, Any]:
    there = values.drop_nulls()
    if not len(there):
        return {"type": "text"}
    counts = there.alias("text").value_counts(sort=False).sort(["count", "text"], descending=[True, False])
    lengths: Any = there.str.len_chars()
    return {
        "type": "text",
        "distinct": counts.height,
        "frequent": tuple((str(text), int(count)) for text, count in counts.head(FREQUENT).rows()),
        "bars": tuple(map(int, counts["count"].to_list())) if counts.height <= BARS else (),
        "lengths": (int(lengths.min()), int(lengths.max())),
    }


def time_text(time: Any) -> str:
    """A date, with the time of day where that is not midnight."""
    return str(time).removesuffix(" 00:00:00")


def _of_times(values: pl.Series) -> dict[str, Any]:
    there = values.drop_nulls()
    if not len(there):
        return {"type": "time"}
    numbers = there.to_physical().to_numpy()
    bars = _bars(numbers.astype(np.float64), float(numbers.min()), float(numbers.max()))
    return {
        "type": "time",
        "low": time_text(there.min()),
        "high": time_text(there.max()),
        "distinct": there.n_unique(),
        "bars": bars,
    }
