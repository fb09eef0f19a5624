"""Reads tables: CSV, Parquet and JSON lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from netlib.data.arrays import Array, Arrays, parts_of, side_by_side
from netlib.data.sources.table_contents import Contents, contents
from netlib.data.sources.table_flaws import need_some, notes_of, refuse
from netlib.data.sources.table_values import final
from netlib.data.streaming import Reader
from netlib.data.unconverted import Unconverted
from netlib.spec.features import SourceSpec
from netlib.spec.sources.table import TableSpec
from netlib.spec.sources.table_columns import parted


def read(source: SourceSpec, _seed: int) -> Arrays:
    """Reads the columns that the source uses: floats as float32 (rows, 1), integers as int32, texts and times as series.

    A missing number is NaN, a column of integers with one is float32 (rows,); missing texts and times are null.

    Raises:
        SpecError: the files have no such columns.
        NetlabError: they are damaged, or have rows that cannot be used and are not to be left out.
    """
    assert isinstance(source, TableSpec)
    held = source.used()
    files = source.files_by_split()
    found = [_usable(source, contents(source, file, held)) for each in files.values() for file in each]
    flaws = [flaw for each in found for flaw in each.flaws]
    rows, skipped = sum(each.rows for each in found), sum(each.skipped for each in found)
    need_some(source.files()[0], rows - skipped, flaws)
    values = {name: final(_joined([each.columns[name] for each in found])) for name in held}
    parts = _parts(source, found) if source.parts else None
    return replace(samples_of(source, values), rows=_numbers(found), parts=parts, notes=notes_of(skipped, rows, flaws))


def reader(source: SourceSpec) -> Reader | Unconverted:
    """Reads a part of the rows at a time; all but Parquet of which every row is wanted has to be converted for that.

    See `netlib.data.streaming`.
    """
    assert isinstance(source, TableSpec)
    if source.form != "parquet" or source.on_error == "skip":
        from netlib.data.sources.table_conversion import unconverted

        return unconverted(source)
    from netlib.data.sources.table_stream import TableReader

    return TableReader.opened(source)


def samples_of(source: TableSpec, columns: Mapping[str, Any]) -> Arrays:
    """Inputs, targets, weights and what the split looks at, of the values of the columns."""
    inputs, _ = parted(source.input_columns(columns))
    return Arrays(
        {name: columns[column] for name, column in inputs.items()},
        {name: target_of(used, columns) for name, used in source.targets.items()},
        None if source.weights is None else columns[source.weights].reshape(-1).astype(np.float32),
        beside={name: columns[name] for name in source.beside},
    )


def _usable(source: TableSpec, found: Contents) -> Contents:
    refuse(source, found.flaws)
    return found


def _joined(columns: list[pl.Series]) -> pl.Series:
    return pl.concat(columns) if len(columns) > 1 else columns[0]


def target_of(used: Any, values: Mapping[str, Any]) -> Any:
    """The values of a column, or of several side by side."""
    if isinstance(used, str):
        return values[used]
    return side_by_side([values[name] for name in used])


def _numbers(found: list[Contents]) -> Array | None:
    """Of each row among all rows of the files; None where that is its own number."""
    if not any(each.skipped for each in found):
        return None
    before = np.cumsum([0, *(each.rows for each in found)])
    each_file = [np.arange(each.rows) if each.numbers is None else each.numbers for each in found]
    return np.concatenate([start + numbers for start, numbers in zip(before, each_file, strict=False)])


def _parts(source: TableSpec, found: list[Contents]) -> Array:
    splits = [split for split, files in source.files_by_split().items() for _ in files]
    return parts_of(splits, [each.rows - each.skipped for each in found])
