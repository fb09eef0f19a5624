"""A config for a table whose rows are measurements at equal distances in time: what comes next, by what was before."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from netlib.spec.sources.table_files import ends_in
from netlib.spec.sources.time_series import SUFFIXES
from netlib.tasks.new.columns import times_in
from netlib.tasks.new.draft import Draft, Line, listed, word
from netlib.tasks.new.networks import recurrent_lines
from netlib.tasks.new.reading import Table
from netlib.tasks.new.sizes import epoch_lines, sizes, split_lines
from netlib.tasks.new.targets import Target, head_lines, loss_lines, network_lines, target_lines

FEWEST = 200
"""Rows of which there are windows enough."""
EVEN = 0.9
"""Share of the steps between rows that are equal."""
LENGTH = 24


def is_series(found: Table, targets: Sequence[Target]) -> bool:
    """Whether the rows are evenly spaced in time, and numbers are to be told."""
    times = list(times_in(found.columns))
    if len(times) != 1 or found.rows < FEWEST or any(each.kind != "number" for each in targets):
        return False
    steps = found.columns[times[0]].diff().drop_nulls().dt.total_microseconds()
    usual = steps.mode()[0]
    whole = not any(found.columns[each.column].null_count() for each in targets) and not found.broken
    return whole and bool((steps > 0).all()) and float((steps == usual).mean()) >= EVEN and _readable(found)


def series_draft(found: Table, targets: Sequence[Target], path: str) -> Draft:
    """What the config says: windows over all columns of numbers, the targets among them."""
    time = next(times_in(found.columns))
    numbers = [name for name, values in found.columns.items() if _is_number(values)]
    left_out = [name for name in (*found.columns, *found.unreadable) if name not in (*numbers, time)]
    size = sizes(found.samples - LENGTH, str(found.source.files()[0]))
    what = " and ".join(each.column for each in targets)
    columns = found.columns
    integers = [each.column for each in targets if columns[each.column].dtype.is_integer()]
    data = [
        Line(
            "source: time_series",
            f"the rows are evenly spaced in '{time}'; with `source: csv` each row would stand for itself",
        ),
        Line(f"path: {word(path)}"),
        Line(f"time: {word(time)}"),
        Line("gaps: drop", "no window lies across a gap"),
        *listed("inputs", numbers),
        *target_lines(targets),
        *([Line("columns:")] if integers else []),
        *(Line(f"  {word(name)}: float32", "integers would be classes") for name in integers),
        Line(f"length: {LENGTH}", "rows of a window"),
        Line("horizon: 1", "so many rows behind the window; more is harder"),
        Line("split: Contiguous", "whole stretches are held out: windows overlap, and neighbours are alike"),
        *split_lines(size),
        Line("preprocess: {window: Standardize}"),
    ]
    model = [*recurrent_lines(size), *([Line("- {Identity: , name: body}")] if len(targets) > 1 else [])]
    return Draft(
        f"Tells {what} a row ahead, by the {LENGTH} rows before. Written for {path}, by its values: every choice is meant to be"
        " changed.",
        tuple(data),
        network_lines([*model, *head_lines(targets, "body")], targets),
        (*epoch_lines(size), Line("optimizer: {Adam: {learning_rate: 3e-3}}"), *loss_lines(targets)),
        (
            f"{found.samples:,} rows, evenly spaced in '{time}': a time series, windows of {LENGTH} rows",
            *(f"target '{each.column}': regression ({each.about})" for each in targets),
            *(f"left out: '{name}' is no column of numbers without gaps" for name in left_out),
        ),
        "data.horizon=6",
    )


def _is_number(values: pl.Series) -> bool:
    return values.dtype.is_numeric() and not values.null_count() and values.n_unique() > 1


def _readable(found: Table) -> bool:
    """Whether the source of time series reads the file as it was read here."""
    return not found.declared and getattr(found.source, "separator", None) is None and _is_one_file(found)


def _is_one_file(found: Table) -> bool:
    files = found.source.files()
    return len(files) == 1 and ends_in(files[0], SUFFIXES)
