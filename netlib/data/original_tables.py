"""The rows of tables with all their columns, those among them that nothing else reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import polars as pl

from netlib.data.arrays import Array
from netlib.data.sources.table_texts import read_texts
from netlib.spec.sources.csv_records import opened
from netlib.spec.sources.table import TableSpec
from netlib.spec.sources.table_columns import BOOLEAN, DATETIME, FLOAT, INTEGER
from netlib.spec.sources.table_types import TRUTH, iso_times, polars_errors

_TYPED = {FLOAT, INTEGER, BOOLEAN, DATETIME}
_UNREADABLE = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError)


class Table(Protocol):
    """Rows of which all columns can be asked for."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns, in their order."""
        ...

    def columns(self, rows: Array) -> Mapping[str, Any]:
        """The columns of the rows with these numbers among all rows of the files, in rising order."""
        ...


def opened_table(source: TableSpec, *, typed: bool) -> Table:
    """The rows of a table's files: of Parquet files read as they are asked for, of others kept in memory.

    Args:
        source: the table.
        typed: whether the values of a CSV file are to be what they look like, rather than texts.

    Raises:
        NetlabError: a file is damaged.
    """
    files = source.files()
    names = tuple(source.columns_in(files[0]))
    if all(source.form_of(file) == "parquet" for file in files):
        with polars_errors(files[0]):
            ends = np.cumsum([int(pl.scan_parquet(file).select(pl.len()).collect().item()) for file in files])
        return _Stored(files, names, ends)
    parts = [_rows_of(source, file, names) for file in files]
    starts = np.cumsum([0, *(total for _, _, total in parts)])
    numbers = np.concatenate([start + own for start, (_, own, _) in zip(starts, parts, strict=False)])
    frame = pl.concat([part for part, _, _ in parts], how="vertical_relaxed", rechunk=True)
    return _Kept(_typed(source, frame) if typed else frame, names, numbers)


@dataclass(frozen=True)
class _Stored:
    """Rows of Parquet files; `ends` has how many there are up to the end of each."""

    files: list[Path]
    names: tuple[str, ...]
    ends: Array

    def columns(self, rows: Array) -> dict[str, pl.Series]:
        found = []
        places = np.searchsorted(rows, self.ends)
        for number, file in enumerate(self.files):
            begin, before = (int(places[number - 1]), int(self.ends[number - 1])) if number else (0, 0)
            own = rows[begin : places[number]] - before
            if len(own):
                first = int(own[0])
                with polars_errors(file):
                    near = pl.scan_parquet(file).select(self.names).slice(first, int(own[-1]) - first + 1).collect()
                found.append(near[own - first])
        return {column.name: column for column in pl.concat(found, how="vertical_relaxed", rechunk=True)}


@dataclass(frozen=True)
class _Kept:
    """Rows in memory; `numbers` has that of each among all rows, those that could not be read among them."""

    frame: pl.DataFrame
    names: tuple[str, ...]
    numbers: Array

    def columns(self, rows: Array) -> dict[str, pl.Series]:
        return {column.name: column for column in self.frame[np.searchsorted(self.numbers, rows)]}


def _rows_of(source: TableSpec, file: Path, names: tuple[str, ...]) -> tuple[pl.DataFrame, Array, int]:
    """The rows of a file that can be read, the number of each in it, and how many there are in all."""
    plain = source.model_copy(update={"missing": ()})  # what is missing stays as it is written
    texts = None
    frame = _whole(plain, file, names)
    if frame is None:
        texts = read_texts(plain, file, list(names))
        frame = texts.frame
    total = frame.height + (len(texts.broken) if texts else 0)
    return frame, texts.numbers if texts else np.arange(total), total


def _whole(source: TableSpec, file: Path, names: tuple[str, ...]) -> pl.DataFrame | None:
    """All rows, by polars, which is fast; None where it may see other rows than netlab does."""
    form = source.form_of(file)
    if form == "parquet":
        with polars_errors(file):
            return pl.read_parquet(file).select(names)
    with opened(file) as stream:
        data = stream.read()
    try:
        if form == "json_lines":
            return pl.read_ndjson(data, infer_schema_length=None).select(names)
        from netlib.data.sources.csv_shape import rows_of

        separator = source.separator_of(file)
        frame = pl.read_csv(data, separator=separator, infer_schema=False)
        last = frame[names[-1]].is_null().to_numpy()
        rows = rows_of(np.frombuffer(data, np.uint8), separator, len(names), last)
        return None if rows is None else frame.head(rows).select(names)
    except _UNREADABLE:
        return None


def _typed(source: TableSpec, frame: pl.DataFrame) -> pl.DataFrame:
    """Texts of CSV files as what they look like: numbers, truth values and times, where every value is one."""
    missing = ["", *source.missing_texts()]
    made = {name: typed_column(frame[name], held, missing) for name, held in looks_of(source).items()}
    return frame.with_columns(made.values())


def looks_of(source: TableSpec) -> dict[str, str]:
    """What the texts of CSV files look like, by their first rows: the columns that are no texts in any of them."""
    files = source.files()
    held = [source.columns_in(file) for file in files if source.form_of(file) == "csv"]
    kinds = {name: {each[name] for each in held} for name in (held[0] if held else ())}
    return {name: next(iter(each)) for name, each in kinds.items() if len(each) == 1 and each <= _TYPED}


def typed_column(column: pl.Series, held: str, missing: list[str]) -> pl.Series:
    """Texts as what they look like; as they are, where that is not so of every value."""
    if column.dtype != pl.String():
        return column
    texts = column.str.strip_chars(" ")
    texts = texts.set(texts.is_in(missing), None)
    if held == BOOLEAN:
        made = texts.replace_strict(TRUTH, default=None, return_dtype=pl.String()) == "1"
    elif held == DATETIME:
        made = iso_times(texts)
    else:
        made = texts.cast(pl.Int64() if held == INTEGER else pl.Float64(), strict=False)
    return made.alias(column.name) if made.null_count() == texts.null_count() else column


def as_texts(column: pl.Series) -> pl.Series:
    """Values that a CSV file can have: lists and objects as JSON, bytes as hexadecimal digits, others as they are."""
    if column.dtype.is_nested():
        texts = [
            None if value is None else json.dumps(value, default=str, ensure_ascii=False) for value in column.to_list()
        ]
        return pl.Series(column.name, texts, dtype=pl.String())
    return column.bin.encode("hex") if column.dtype == pl.Binary() else column
