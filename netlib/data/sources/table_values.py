"""The values of a table's columns as netlab has them, and those that are none."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import polars as pl

from netlib.spec.sources.table_columns import BOOLEAN, DATETIME, FLOAT, INTEGER, STRING
from netlib.spec.sources.table_types import TRUTH, iso_times

_EXPECTED = {INTEGER: "an integer", BOOLEAN: "true or false", FLOAT: "a number", STRING: "a text"}
_WITHIN_INT32 = (pl.Int8(), pl.Int16(), pl.Int32(), pl.UInt8(), pl.UInt16())


@dataclass(frozen=True)
class Fault:
    """What is wrong with rows: `rows` is True for each of them, `what` tells of the first, `kind` of all of them."""

    what: str
    rows: pl.Series
    kind: str


Converted = tuple[pl.Series, list[Fault]]


def converted(column: pl.Series, held: str, form: str | None = None) -> Converted:
    """A column as the dtype that is asked for, null where it has no value of that, and the rows in which it should have one.

    Args:
        column: As it was stored; all of it as texts, if it is of a CSV file.
        held: `float32`, `int32`, `boolean`, `string` or `datetime`.
        form: How a date is written.
    """
    if held == STRING:
        return column.cast(pl.String()), []
    if held == DATETIME:
        return _times(column, form)
    if held == FLOAT:
        return _floats(column)
    if column.dtype == pl.Boolean() or (column.dtype in _WITHIN_INT32 and held == INTEGER):
        return column.cast(pl.Int32()), []
    return _integers(column, held)


def final(column: pl.Series) -> Any:
    """Float32 (rows, 1), int32 (rows,), float32 (rows,) if an integer is missing; texts and times as they are."""
    if column.dtype == pl.Float32():
        return column.fill_null(math.nan).to_numpy()[:, None]
    if column.dtype == pl.Int32():
        return (column.cast(pl.Float32()).fill_null(math.nan) if column.null_count() else column).to_numpy()
    return column


def missing(column: pl.Series) -> pl.Series | None:
    """Where there is no value; None if there is one everywhere."""
    found = column.is_null() | column.is_nan().fill_null(value=True) if column.dtype.is_float() else column.is_null()
    return found if found.any() else None


def _floats(column: pl.Series) -> Converted:
    exact = column if column.dtype == pl.Float32() else _parsed(column, pl.Float64())
    values = exact.cast(pl.Float32())
    faults = _unlike(column, exact, FLOAT)
    if values.max() == math.inf or values.min() == -math.inf:  # much faster than to ask each value
        infinite = values.is_infinite().fill_null(value=False)
        wrong = exact.is_infinite().fill_null(value=False)
        faults += _faults(column, infinite & wrong, "is no finite number")
        faults += _faults(column, infinite & ~wrong, "float32 cannot hold")
    return values, faults


def _integers(column: pl.Series, held: str) -> Converted:
    exact = column if column.dtype.is_integer() else _whole(_parsed(column, pl.Float64()))
    if column.dtype == pl.String():  # beyond 2^53 a float tells integers not apart
        texts = _parsed(column, pl.Int64())
        exact = pl.select(pl.coalesce(texts, exact)).to_series()
    faults = _unlike(column, exact, held)
    values = exact.cast(pl.Int32(), strict=False)
    if values.null_count() > exact.null_count():
        faults += _faults(column, values.is_null() & exact.is_not_null(), "int32 cannot hold")
    if held == BOOLEAN:
        faults += _faults(
            column, (values * values != values).fill_null(value=False), f"where {_EXPECTED[held]} is expected", ""
        )
    return values, faults


def _whole(numbers: pl.Series) -> pl.Series:
    """Those that are integers, as float64: that holds what is too large for an integer."""
    return pl.select(pl.when(numbers == numbers.floor()).then(numbers)).to_series()


def _parsed(column: pl.Series, dtype: pl.DataType) -> pl.Series:
    """Numbers as they are; those that texts say, null for a text that says none."""
    if column.dtype != pl.String():
        return column.cast(dtype, strict=False)
    texts = column.str.strip_chars(" ")
    truth = texts.replace_strict(TRUTH, default=None, return_dtype=pl.String())
    return pl.select(pl.coalesce(truth, texts).cast(dtype, strict=False)).to_series()


def _times(column: pl.Series, form: str | None) -> Converted:
    if column.dtype.is_temporal() and not form:
        zone = getattr(column.dtype, "time_zone", None)
        return (column.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if zone else column).cast(
            pl.Datetime("us")
        ), []
    texts = column.cast(pl.String()).str.strip_chars(" ")
    values = texts.str.to_datetime(form, time_unit="us", strict=False) if form else iso_times(texts)
    as_in = f"written as {form}" if form else "as in 2024-12-31 or 2024-12-31 23:59; say with format how it is written"
    wrong = values.is_null() & column.is_not_null()
    return values.cast(pl.Datetime("us")), _faults(column, wrong, f"where a date is expected, {as_in}", "")


def _unlike(column: pl.Series, values: pl.Series, held: str) -> list[Fault]:
    if values.null_count() == column.null_count():
        return []
    return _faults(column, values.is_null() & column.is_not_null(), f"where {_EXPECTED[held]} is expected", "")


def _faults(column: pl.Series, rows: pl.Series, what: str, joint: str = "which ") -> list[Fault]:
    if not rows.any():
        return []
    value = column[int(rows.arg_max() or 0)]
    return [
        Fault(f"column '{column.name}' holds {_shown(value)}, {joint}{what}", rows, f"column '{column.name}' {what}")
    ]


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
