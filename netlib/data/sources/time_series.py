"""Reads the source `time_series`: cuts a table into windows, which are views of it as far as they can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.lib.stride_tricks import sliding_window_view

from netlib.data.arrays import Array, Arrays
from netlib.data.sources import tables
from netlib.data.sources.instants import Instants
from netlib.spec.errors import NetlabError, Problem, SpecError
from netlib.spec.features import SourceSpec
from netlib.spec.sources.time_series import TimeSeries


@dataclass(frozen=True)
class Rows:
    """The rows of a table, those of a group behind one another.

    `order` has their numbers in the table, `begins` whether each is the first of a stretch that windows do not leave.
    """

    order: Array
    begins: Array


def read(source: SourceSpec, seed: int) -> Arrays:
    """Reads the columns that the source uses and cuts windows of them; without groups or gaps they are views, never copied.

    `rows` of the result are those with which the windows begin, `spans` the stretches of rows that they and their targets use.

    Raises:
        SpecError: the file has no such columns, or too few rows for a window.
        NetlabError: it is damaged, or its times do not increase.
    """
    assert isinstance(source, TimeSeries)
    source.signature()
    values = dict(zip(source.used, tables.read(source.table(), seed).inputs.values(), strict=True))
    rows, notes = _rows(source, values)
    starts, short = _starts(source, rows)
    if (rows.order[1:] < rows.order[:-1]).any():
        values = {name: column[rows.order] for name, column in values.items()}
    last = starts + source.reach - 1
    return Arrays(
        {name: _windows(used, values, starts, source.length) for name, used in source.inputs.items()},
        {name: _targets(used, values, starts, source) for name, used in source.targets.items()},
        rows=rows.order[starts],
        beside={name: values[name][last] for name in source.beside},
        spans=np.stack([starts, last], axis=1),
        notes=(*notes, *short),
    )


def _rows(source: TimeSeries, values: Mapping[str, Any]) -> tuple[Rows, tuple[str, ...]]:
    """The rows in the order in which they follow one another, and what is to be said of their times."""
    first = _first_of_group(source, values)
    order = np.argsort(first, kind="stable")
    begins = np.append(True, np.diff(first[order]) > 0)
    if source.time is None:
        return Rows(order, begins), ()
    gaps, notes = Instants(_series(source.time, values), order, begins, source).gaps()
    return Rows(order, begins | gaps if source.gaps == "drop" else begins), notes


def _first_of_group(source: TimeSeries, values: Mapping[str, Any]) -> Array:
    """For each row the number of the first one of its group."""
    if source.group is None:
        return np.zeros(len(next(iter(values.values()))), np.int64)
    groups = _series(source.group, values)
    if groups.null_count():
        row = int(groups.is_null().arg_max() or 0)
        raise NetlabError(f"{source.path}: column '{source.group}' has no value in row {row}: whose is it?")
    _, firsts, numbers = np.unique(groups.rank("dense").to_numpy(), return_index=True, return_inverse=True)
    return np.asarray(firsts[numbers])


def _series(name: str, values: Mapping[str, Any]) -> pl.Series:
    column = values[name]
    return (
        pl.Series(name, column.reshape(-1), nan_to_null=True) if isinstance(column, np.ndarray) else column.alias(name)
    )


def _starts(source: TimeSeries, rows: Rows) -> tuple[Array, tuple[str, ...]]:
    """The first row of each window, by its place in the order, and what is to be said of stretches that are too short."""
    borders = np.append(np.flatnonzero(rows.begins), len(rows.order))
    lengths = np.diff(borders)
    ends = borders[1:] - source.reach + 1
    what = f"a window{' and its target take' if source.targets else ' takes'} {source.reach}"
    if lengths.max() < source.reach:
        noun = "it has" if len(lengths) == 1 else f"the longest of its {len(lengths)} stretches has"
        message = f"{source.path}: {noun} {lengths.max()} rows, {what}"
        raise SpecError([Problem(("length",), message)], "time_series")
    starts = [np.arange(start, end, source.stride) for start, end in zip(borders[:-1], ends, strict=True)]
    short = int((lengths < source.reach).sum())
    noun = "groups" if source.gaps == "keep" else "stretches between gaps"
    told = (f"{short:,} of {len(lengths):,} {noun} give no window: {what} rows",) if short else ()
    return np.concatenate(starts), told


def _windows(columns: tuple[str, ...], values: Mapping[str, Any], starts: Array, length: int) -> Array:
    """Float32 (windows, length, columns)."""
    matrix = np.concatenate([_column(values[name]) for name in columns], axis=1)
    windows = sliding_window_view(matrix, length, axis=0).transpose(0, 2, 1)
    stride = int(starts[1] - starts[0]) if len(starts) > 1 else 1
    evenly = stride > 0 and (np.diff(starts) == stride).all()
    return windows[starts[0] : starts[-1] + 1 : stride] if evenly else windows[starts]


def _targets(used: Any, values: Mapping[str, Any], starts: Array, source: TimeSeries) -> Any:
    """What follows each window: one row of a column as it is, several rows in an axis of their own."""
    rows = starts + source.length - 1 + source.horizon
    if source.steps > 1:
        rows = rows[:, None] + np.arange(source.steps)
    if not isinstance(used, str):
        return np.concatenate([_column(values[name]) for name in used], axis=1)[rows]
    column = values[used]
    found = column[rows] if source.steps == 1 else column.reshape(-1)[rows]
    # Integers of which one is missing come as floats; where no window is followed by that one, they are integers again.
    integers = isinstance(column, np.ndarray) and column.ndim == 1 and not np.isnan(found).any()
    return found.astype(np.int32) if integers else found


def _column(values: Any) -> Array:
    return np.asarray(values, np.float32).reshape(-1, 1)
