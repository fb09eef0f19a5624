"""Reads tables: CSV, Parquet and JSON lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from netlib.data.arrays import SPLITS, Array, Arrays, side_by_side
from netlib.data.sources.table_contents import Contents, Flaw, contents
from netlib.data.sources.table_values import final
from netlib.data.streaming import Reader
from netlib.spec.errors import NetlabError
from netlib.spec.features import SourceSpec
from netlib.spec.sources.table import TableSpec
from netlib.spec.sources.table_columns import parted

MOST_TOLD = 10
"""Kinds of flaws of which is told, each with the place of the first row that has it."""


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
    if not any(each.rows - _skipped(each) for each in found):
        raise NetlabError(f"{source.files()[0]}: no row can be used; {found[0].flaws[0]}")
    values = {name: final(_joined([each.columns[name] for each in found])) for name in held}
    parts = _parts(source, found) if source.parts else None
    return replace(samples_of(source, values), rows=_numbers(found), parts=parts, notes=_notes(found))


def reader(source: SourceSpec) -> Reader | None:
    """Reads a part of the rows at a time, if all files are Parquet and no row is to be left out; see `netlib.data.streaming`."""
    assert isinstance(source, TableSpec)
    if source.on_error == "skip" or any(source.form_of(file) != "parquet" for file in source.files()):
        return None
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
    if not found.flaws or source.on_error == "skip":
        return found
    told = "\n".join(map(str, found.flaws[:MOST_TOLD]))
    more = f"\nand {len(found.flaws) - MOST_TOLD} more" if len(found.flaws) > MOST_TOLD else ""
    remedy = "correct such rows, or leave them out with on_error: skip"
    raise NetlabError(f"{told}{more}\n{remedy}; what a column holds can be said with columns: {{NAME: string}}")


def _joined(columns: list[pl.Series]) -> pl.Series:
    return pl.concat(columns) if len(columns) > 1 else columns[0]


def target_of(used: Any, values: Mapping[str, Any]) -> Any:
    """The values of a column, or of several side by side."""
    if isinstance(used, str):
        return values[used]
    return side_by_side([values[name] for name in used])


def _skipped(found: Contents) -> int:
    return 0 if found.numbers is None else found.rows - len(found.numbers)


def _numbers(found: list[Contents]) -> Array | None:
    """Of each row among all rows of the files; None where that is its own number."""
    if not any(map(_skipped, found)):
        return None
    before = np.cumsum([0, *(each.rows for each in found)])
    each_file = [np.arange(each.rows) if each.numbers is None else each.numbers for each in found]
    return np.concatenate([start + numbers for start, numbers in zip(before, each_file, strict=False)])


def _parts(source: TableSpec, found: list[Contents]) -> Array:
    splits = [SPLITS.index(split) for split, files in source.files_by_split().items() for _ in files]
    return np.repeat(np.array(splits, np.int8), [each.rows - _skipped(each) for each in found])


def _notes(found: list[Contents]) -> tuple[str, ...]:
    """How many rows are left out, and why."""
    skipped = sum(map(_skipped, found))
    if not skipped:
        return ()
    flaws: list[Flaw] = [flaw for each in found for flaw in each.flaws]
    total = sum(each.rows for each in found)
    rest = (f"left out for {len(flaws) - MOST_TOLD} more reasons",) if len(flaws) > MOST_TOLD else ()
    what = f"{skipped:,} of {total:,} rows are left out (on_error: skip)"
    return (what, *(f"left out: {flaw}" for flaw in flaws[:MOST_TOLD]), *rest)
