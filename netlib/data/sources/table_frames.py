"""Files of tables read by polars, which is fast, and stops at the first thing that is wrong without saying where."""

from __future__ import annotations

import mmap
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from netlib.data.sources.csv_shape import rows_of
from netlib.spec.errors import NetlabError
from netlib.spec.sources.csv_records import COMPRESSED, opened
from netlib.spec.sources.table import TableSpec
from netlib.spec.sources.table_columns import BOOLEAN, DATETIME, FLOAT, INTEGER, STRING
from netlib.spec.sources.table_types import SCANNED_ROWS, polars_errors

HEAD = 1 << 20
"""Bytes by which it is seen whether missing values are written as texts."""
_CSV: dict[str, Any] = {
    FLOAT: pl.Float64(), INTEGER: pl.Int32(), BOOLEAN: pl.Boolean(), DATETIME: pl.Datetime("us"),
}  # fmt: skip
_JSON: dict[str, Any] = {FLOAT: pl.Float64(), INTEGER: pl.Int64(), BOOLEAN: pl.Boolean()}
_UNREADABLE = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError)


def parquet(file: Path, columns: list[str], first: int = 0, rows: int | None = None) -> pl.DataFrame:
    """Columns of a Parquet file, of neighbouring rows or of all.

    Raises:
        NetlabError: it is damaged.
    """
    with polars_errors(file):
        return pl.scan_parquet(file).select(columns).slice(first, rows).collect()


def json_lines(
    source: TableSpec, file: Path, held: Mapping[str, str], part: bytes | None = None
) -> pl.DataFrame | None:
    """Those fields of a JSON lines file, or of whole lines of it; None if it has to be read line by line."""
    own = source.columns_in(file)
    schema = {name: _JSON.get(own[name], pl.String()) for name in held}
    try:
        return pl.scan_ndjson(part or file, schema=schema, infer_schema_length=SCANNED_ROWS).collect()
    except _UNREADABLE:
        return None


def csv(source: TableSpec, file: Path, held: Mapping[str, str], part: bytes | None = None) -> pl.DataFrame | None:
    """Those columns of a CSV file, or of the names of its columns and whole records of it.

    None if it has to be read row by row, as where a record has too many or too few values.

    Raises:
        NetlabError: it cannot be unpacked.
    """
    data = part or (_unpacked(file) if file.name.lower().endswith(COMPRESSED) else file)
    missing = ["", *source.missing_texts()]
    # To look for a text in every value takes time: that is done for those that are seen, or where polars cannot do without.
    seen = _seen(data, missing, source.separator_of(file))
    frame = _scanned(source, file, data, held, seen)
    if frame is None:
        frame = _scanned(source, file, data, held, missing)
    if frame is None:
        return None
    frame = _without_texts(frame, missing)
    names = list(source.columns_in(file))
    last_missing, all_read = frame[names[-1]].is_null().to_numpy(), frame.width == len(names)
    rows = _rows(data, source.separator_of(file), len(names), last_missing, all_read=all_read)
    return None if rows is None else frame.select(list(held)).head(rows)


def _scanned(
    source: TableSpec, file: Path, data: bytes | Path, held: Mapping[str, str], missing: list[str]
) -> pl.DataFrame | None:
    """Those columns, and the last; None if polars cannot."""
    own = source.columns_in(file)
    last = list(own)[-1]
    texts = {name for name, each in own.items() if each == STRING} | {
        name for name, column in source.columns.items() if column.format
    }
    schema = {name: pl.String() if name in texts else _CSV.get(held.get(name, ""), pl.String()) for name in own}
    form: dict[str, Any] = {"separator": source.separator_of(file), "null_values": missing or None, "schema": schema}
    try:
        found = pl.scan_csv(data, **form).select([*held, *([] if last in held else [last])])
        # Not parsed as float32: that rounds once, a conversion from float64 twice, as it is done everywhere else.
        return found.with_columns(pl.selectors.float().cast(pl.Float32())).collect()
    except _UNREADABLE:
        return None


def _seen(data: bytes | Path, missing: list[str], separator: str) -> list[str]:
    """Those that are values among the first ones."""
    if isinstance(data, bytes):
        head = data[:HEAD]
    else:
        with data.open("rb") as file:
            head = file.read(HEAD)
    before, behind = (b"[" + re.escape(signs.encode()) + b"]" for signs in (f'{separator}\n"', f'{separator}\r\n"'))

    def is_value(text: bytes) -> bool:
        return text in head and bool(re.search(before + re.escape(text) + behind, head))  # most are not there at all

    return [text for text in missing if text and is_value(text.encode())]


def _without_texts(frame: pl.DataFrame, missing: list[str]) -> pl.DataFrame:
    """With null where a text says that a value is missing, in columns of texts: those of others were looked for."""
    texts = [name for name, dtype in frame.schema.items() if dtype == pl.String()]
    # One comparison for each text is faster than a search in all of them.
    found = frame.lazy().select([pl.any_horizontal(pl.col(name) == text for text in missing).any() for name in texts])
    named = [name for name, some in found.collect().row(0, named=True).items() if some] if texts else []
    return frame.with_columns(pl.when(~pl.col(name).is_in(missing)).then(pl.col(name)).alias(name) for name in named)


def _rows(data: bytes | Path, separator: str, columns: int, last_missing: Any, *, all_read: bool) -> int | None:
    """How many rows there are, see `csv_shape`."""
    if isinstance(data, bytes):
        return rows_of(np.frombuffer(data, np.uint8), separator, columns, last_missing, all_read=all_read)
    with data.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        contents = np.frombuffer(mapped, np.uint8)
        try:
            return rows_of(contents, separator, columns, last_missing, all_read=all_read)
        finally:
            del contents  # a map that is still looked at cannot be closed


def _unpacked(file: Path) -> bytes:
    with opened(file) as stream:
        try:
            return stream.read()
        except MemoryError:
            raise NetlabError(f"{file} does not fit into memory when it is unpacked") from None
