"""Reads the source `time_series`: cuts a table into windows, which are views of it as far as they can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from netlib.data.arrays import Array, Arrays
from netlib.data.sources import tables
from netlib.data.sources.instants import Instants
from netlib.data.sources.series_windows import SeriesWindows
from netlib.data.streaming import Reader
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
    return _windows(source, seed).all()


def reader(source: SourceSpec) -> Reader | None:
    """Holds the columns, and cuts windows when they are wanted; see `netlib.data.streaming`."""
    assert isinstance(source, TimeSeries)
    return _windows(source, 0)


def _windows(source: TimeSeries, seed: int) -> SeriesWindows:
    source.signature()
    values = dict(zip(source.used, tables.read(source.table(), seed).inputs.values(), strict=True))
    rows, notes = _rows(source, values)
    starts, short = _starts(source, rows)
    if (rows.order[1:] < rows.order[:-1]).any():
        values = {name: column[rows.order] for name, column in values.items()}
    return SeriesWindows.of(source, values, rows.order, starts, (*notes, *short))


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
