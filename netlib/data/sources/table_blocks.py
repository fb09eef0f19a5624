"""The rows of a file of a table, a block of them at a time; what is read of a block is what would be read of all at once.

A block of a CSV or JSON lines file that polars and `csv_shape` find nothing wrong with is read by polars, any other one row by
row. It ends with a record, which quotes tell where all of them are in their places, and else the reading row by row.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import polars as pl

from netlib.data.sources.csv_shape import end_of_records
from netlib.data.sources.table_contents import Contents, of_stored, of_texts, of_whole
from netlib.data.sources.table_frames import parquet
from netlib.data.sources.table_texts import Row, csv_rows, json_rows, texts_of
from netlib.data.sources.unread import Unread
from netlib.spec.sources.csv_records import opened, records
from netlib.spec.sources.json_records import objects
from netlib.spec.sources.table import TableSpec
from netlib.spec.sources.table_types import header, polars_errors

BLOCK = 1 << 24
"""Bytes of a block, about."""
VALUE_BYTES = 16
"""Of a value of a Parquet file, about."""

Whole = Callable[[TableSpec, Path, Mapping[str, str], bytes], Contents | None]


def blocks(source: TableSpec, file: Path, held: Mapping[str, str], whole: Whole = of_whole) -> Iterator[Contents]:
    """Those columns of the blocks of a file, each as what it is said to hold; rows are numbered from the start of their block.

    `whole` reads a block of a text file of which all rows can be used, and gives None of one that it cannot read.

    Raises:
        NetlabError: the file as a whole is damaged.
    """
    form = source.form_of(file)
    if form == "parquet":
        yield from _stored(source, file, held)
        return
    with opened(file) as stream:
        unread = Unread(stream)
        yield from (_csv if form == "csv" else _json_lines)(source, file, held, unread, whole)


def _stored(source: TableSpec, file: Path, held: Mapping[str, str]) -> Iterator[Contents]:
    with polars_errors(file):
        total = int(pl.scan_parquet(file).select(pl.len()).collect().item())
    step = max(1, BLOCK // (VALUE_BYTES * len(held)))
    for first in range(0, total, step):
        yield of_stored(source, file, held, parquet(file, list(held), first, step), first)


def _csv(source: TableSpec, file: Path, held: Mapping[str, str], unread: Unread, whole: Whole) -> Iterator[Contents]:
    separator = source.separator_of(file)
    found = records(unread.one_by_one(), separator)
    names = header(file, found)
    following = next(found, None)
    unread.pass_to(following.line if following else None)
    head = _written(names, separator)
    while lines := unread.filled(BLOCK):
        end = len(lines) if unread.ended else end_of_records(lines)
        block = whole(source, file, held, head + lines[:end]) if end else None
        if block:
            unread.pass_bytes(end)
            yield block
        else:
            again = records(unread.one_by_one(), separator, unread.line)
            rows = csv_rows(source, names, list(held), again)
            yield _one_by_one(source, file, held, rows, unread, end or len(lines))


def _json_lines(
    source: TableSpec, file: Path, held: Mapping[str, str], unread: Unread, whole: Whole
) -> Iterator[Contents]:
    while lines := unread.filled(BLOCK):
        block = whole(source, file, held, lines)
        if block:
            unread.pass_bytes(len(lines))
            yield block
        else:
            rows = json_rows(list(held), objects(unread.one_by_one(), unread.line))
            yield _one_by_one(source, file, held, rows, unread, len(lines))


def _one_by_one(
    source: TableSpec, file: Path, held: Mapping[str, str], rows: Iterable[Row], unread: Unread, end: int
) -> Contents:
    """Of the rows that begin before that byte; they are passed."""
    last = unread.line_at(end)
    behind: list[int] = []

    def before() -> Iterator[Row]:
        for row in rows:
            if row[0] >= last:
                behind.append(row[0])
                return
            yield row

    found = of_texts(source, file, held, texts_of(before(), list(held)))
    unread.pass_to(behind[0] if behind else None)
    return found


def _written(names: list[str], separator: str) -> bytes:
    """The names of the columns, as the first line of a file has them."""
    stream = io.StringIO()
    csv.writer(stream, delimiter=separator, lineterminator="\n").writerow(names)
    return stream.getvalue().encode()
