"""The rows of a CSV or JSON lines file with all their columns, as they are written, a block of them at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from netlib.data.arrays import Array
from netlib.data.sources.csv_shape import rows_of
from netlib.data.sources.table_blocks import BLOCK, blocks
from netlib.data.sources.table_contents import Contents, of_whole
from netlib.data.sources.unread import Unread
from netlib.spec.sources.csv_records import opened
from netlib.spec.sources.table import TableSpec
from netlib.spec.sources.table_columns import STRING

_UNREADABLE = (pl.exceptions.PolarsError, pl.exceptions.PanicException, ValueError)


class Block(NamedTuple):
    """Neighbouring rows: those that can be read, the number of each in the block, and how many there are in all."""

    frame: pl.DataFrame
    numbers: Array
    rows: int


Read = Callable[[], Iterator[Block]]
"""Reads a file from its beginning."""


def reader_of(source: TableSpec, file: Path, names: tuple[str, ...]) -> Read:
    """Reads the columns of these names: texts of CSV and Parquet as they are, fields of objects as what they all are together."""
    schema = _schema(file) if source.form_of(file) == "json_lines" else None
    if schema is not None and {*names} <= {*schema}:
        return lambda: _of_objects(file, schema, names)
    return lambda: _of_texts(source, file, names)


def _of_texts(source: TableSpec, file: Path, names: tuple[str, ...]) -> Iterator[Block]:
    plain: dict[str, Any] = {"missing": (), "columns": {}, "targets": {}, "weights": None, "on_error": "skip"}
    as_written = source.model_copy(
        update={name: value for name, value in plain.items() if name in type(source).model_fields}
    )
    whole = _csv_as_written if source.form_of(file) == "csv" else of_whole
    for block in blocks(as_written, file, dict.fromkeys(names, STRING), whole):
        numbers = np.arange(block.rows) if block.numbers is None else block.numbers
        yield Block(pl.DataFrame(block.columns), numbers, block.rows)


def _csv_as_written(source: TableSpec, file: Path, held: Mapping[str, str], part: bytes) -> Contents | None:
    """All columns of records, in which an empty text in quotes is another thing than none."""
    separator = source.separator_of(file)
    try:
        frame = pl.read_csv(part, separator=separator, infer_schema=False)
        rows = rows_of(np.frombuffer(part, np.uint8), separator, len(held), frame[:, -1].is_null().to_numpy())
    except _UNREADABLE:
        return None
    return None if rows is None else Contents({name: frame[name].head(rows) for name in held}, rows)


def _of_objects(file: Path, schema: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[Block]:
    for lines in _lines(file):
        frame = pl.read_ndjson(lines, schema=schema).select(names)
        yield Block(frame, np.arange(frame.height), frame.height)


def _schema(file: Path) -> Mapping[str, Any] | None:
    """Of all blocks of a JSON lines file together; None where polars cannot read one, or they do not go together."""
    seen = pl.DataFrame()
    try:
        for lines in _lines(file):
            own = pl.read_ndjson(lines, infer_schema_length=None).clear()
            seen = pl.concat([seen, own], how="diagonal_relaxed")
    except _UNREADABLE:
        return None
    return seen.schema


def _lines(file: Path) -> Iterator[bytes]:
    with opened(file) as stream:
        unread = Unread(stream)
        while lines := unread.filled(BLOCK):
            unread.pass_bytes(len(lines))
            if lines.strip():
                yield lines
