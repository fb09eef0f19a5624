"""A file of texts, a line each, of which any can be read when it is converted to Parquet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from pathlib import Path

import numpy as np
import polars as pl

from netlib.data.sources.parquet_store import ParquetStore
from netlib.data.sources.table_sizes import letters_of, row_bytes
from netlib.data.sources.table_stream import CHUNK_BYTES, Conversion, TableReader
from netlib.data.sources.text_files import decoded, without_mark
from netlib.data.sources.text_lines import classes_of, lines_of, need_as_many
from netlib.data.sources.unread import Unread
from netlib.data.unconverted import Unconverted
from netlib.spec.errors import NetlabError
from netlib.spec.sources.table_columns import STRING
from netlib.spec.sources.tables import Parquet
from netlib.spec.sources.texts import TextLines

BLOCK = 1 << 24
"""Bytes that are converted at a time."""


@dataclass(frozen=True)
class _Measure:
    lines: int
    bytes: int


def unconverted(source: TextLines) -> Unconverted:
    """The lines of the file.

    Raises:
        SpecError: there are not as many lines in both files.
        NetlabError: a file is empty or cannot be read.
    """
    found = [_measure(file) for file in source.files()]
    if source.targets is not None:
        need_as_many(source, *(each.lines for each in found))
    rows = found[0].lines
    width = row_bytes([STRING] * len(found), sum(each.bytes for each in found) / rows)
    return Unconverted(rows, width, partial(_converted, source, rows * width))


def _converted(source: TextLines, size: int) -> TableReader:
    store = ParquetStore(source.path, size)
    texts, *others = source.files()
    classes = chain.from_iterable(_blocks(others[0]) if others else ())
    rows = letters = 0
    for lines in _blocks(texts):
        columns = {"text": pl.Series(lines, dtype=pl.String())}
        if others:
            columns["label"] = classes_of(source, [*islice(classes, len(lines))], rows + 1)
        frame = pl.DataFrame(columns)
        found = letters_of(frame)
        store.add(frame, max(1, CHUNK_BYTES // row_bytes([STRING] * frame.width, found / frame.height)))
        rows, letters = rows + frame.height, letters + found
    held = {"text": STRING, **({"label": STRING} if others else {})}
    table = Parquet.parse({"path": str(store.folder), "inputs": {"text": "text"}, "targets": [*held][1:]})
    conversion = Conversion(source, store, row_bytes(held.values(), letters / rows), (store.told(),))
    files = [("train", file) for file in store.files]
    return TableReader(table, held, files, np.cumsum(store.rows), conversion=conversion)


def _blocks(file: Path) -> Iterator[list[str]]:
    """The lines of a file, as `read_lines` finds them, many at a time."""
    for number, contents in _pieces(file):
        yield lines_of(decoded(without_mark(contents) if number == 1 else contents, file, number))


def _measure(file: Path) -> _Measure:
    lines = size = 0
    last = b"\n"
    for _, contents in _pieces(file):
        lines, size, last = lines + contents.count(b"\n"), size + len(contents), contents[-1:]
    return _Measure(lines + (last != b"\n"), size)


def _pieces(file: Path) -> Iterator[tuple[int, bytes]]:
    """Whole lines, with the number of the first of them.

    Raises:
        NetlabError: there are none, or they cannot be read.
    """
    try:
        with file.open("rb") as stream:
            unread = Unread(stream)
            if not unread.filled(BLOCK):
                raise NetlabError(f"{file} is empty: a text is needed")
            while contents := unread.filled(BLOCK):
                yield unread.line, contents
                unread.pass_bytes(len(contents))
    except OSError as error:
        raise NetlabError(f"{file} cannot be read: {error.strerror}") from None
