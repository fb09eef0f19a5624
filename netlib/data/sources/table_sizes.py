"""How many rows the files of a table have, and what they take in memory, without reading all of their values."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
import polars as pl

from netlib.spec.sources.csv_records import opened
from netlib.spec.sources.table import TableSpec
from netlib.spec.sources.table_columns import DATETIME, STRING

BLOCK = 1 << 20
"""Bytes that are looked at in one go."""
NUMBER_BYTES, TIME_BYTES, VIEW_BYTES = 4, 8, 16
"""Of a number, of a time, and of a text beside its letters."""
_NEWLINE, _QUOTE = 10, 34


def row_bytes(dtypes: Collection[str], letters: float = 0) -> int:
    """What a row takes in memory, about; `letters` are those of all its texts, in bytes."""
    widths = {STRING: VIEW_BYTES, DATETIME: TIME_BYTES}
    return max(1, round(sum(widths.get(each, NUMBER_BYTES) for each in dtypes) + letters))


def letters_of(frame: pl.DataFrame) -> int:
    """The bytes of all texts."""
    return sum(int(column.str.len_bytes().sum()) for column in frame if column.dtype == pl.String())


def records_in(source: TableSpec, file: Path) -> int:
    """How many a CSV or JSON lines file has, about: they end where a line ends, but for those ends that are within quotes.

    Empty lines count too, and so does the line of a CSV file's names of columns.

    Raises:
        NetlabError: it cannot be read.
    """
    quoted = source.form_of(file) == "csv"
    inside, ends, newlines = False, 0, 0
    with opened(file) as stream:
        while block := stream.read(BLOCK):
            found = block.count(b"\n")
            newlines += found
            if quoted and (inside or b'"' in block):
                found, inside = _outside(block, inside)
            ends += found
    return newlines if inside else ends  # a quote that is never closed is no quote


def _outside(block: bytes, inside: bool) -> tuple[int, bool]:
    """How many lines end outside of quotes, and whether the block ends inside of some."""
    contents = np.frombuffer(block, np.uint8)
    quotes = contents == _QUOTE
    signs = quotes[quotes | (contents == _NEWLINE)]
    within = (np.cumsum(signs, dtype=np.uint8) + inside) & 1
    return int(np.count_nonzero(~signs & (within == 0))), bool(within[-1]) if len(within) else inside
