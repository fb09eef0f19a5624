"""Tables that can only be read from front to back are converted, a block at a time, to Parquet, of which any rows can be read."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from netlib.data.arrays import Array
from netlib.data.sources.parquet_store import ParquetStore
from netlib.data.sources.table_blocks import blocks
from netlib.data.sources.table_contents import Contents
from netlib.data.sources.table_flaws import Flaw, need_some, notes_of, refuse, together
from netlib.data.sources.table_sizes import letters_of, records_in, row_bytes
from netlib.data.sources.table_stream import CHUNK_BYTES, Conversion, TableReader
from netlib.data.unconverted import Unconverted
from netlib.spec.sources.table import TableSpec
from netlib.spec.sources.table_columns import BOOLEAN, INTEGER, STRING

MARGIN = 1.25
"""Texts are taken to be so many times as long as the first ones are."""


def unconverted(source: TableSpec) -> Unconverted:
    """The rows of CSV and JSON lines files, or of Parquet files of which some are to be left out.

    Raises:
        SpecError: the files have no such columns.
        NetlabError: they are damaged.
    """
    held = source.used()
    if source.form == "parquet":
        stored = TableReader.opened(source)
        return Unconverted(stored.rows, stored.row_bytes, partial(converted, source, stored.rows * stored.row_bytes))
    rows = sum(records_in(source, file) for file in source.files())
    width = row_bytes(held.values(), _letters(source, held))
    return Unconverted(rows, width, partial(converted, source, rows * width))


def _letters(source: TableSpec, held: dict[str, str]) -> float:
    """How many the texts of a row have, about, and rather more than less: those of the first rows tell."""
    texts = {name: each for name, each in held.items() if each == STRING}
    first = next(blocks(source, source.files()[0], texts), None) if texts else None
    frame = pl.DataFrame(first.columns if first else None)
    return MARGIN * letters_of(frame) / frame.height if frame.height else 0


def converted(source: TableSpec, size: int) -> TableReader:
    """Converts the files and gives what reads the rows that can be used.

    Args:
        source: whose columns are read.
        size: how many bytes their values take, about.

    Raises:
        NetlabError: a file is damaged, has rows that cannot be used and are not to be left out, or the disk has no room.
    """
    first, *others = source.files()
    name = f"{first} and {len(others)} more" if others else str(first)
    work = _Work(source, source.used(), ParquetStore(name, size))
    for split, files in source.files_by_split().items():
        for file in files:
            work.convert(split, file)
    need_some(first, work.usable, work.flaws)
    return work.reader()


@dataclass
class _Work:
    """What is converted so far."""

    source: TableSpec
    held: dict[str, str]
    store: ParquetStore
    splits: list[str] = field(default_factory=list)
    rows: int = 0
    letters: int = 0
    nullable: set[str] = field(default_factory=set)
    skipped: list[Array] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)

    @property
    def usable(self) -> int:
        return sum(self.store.rows)

    def convert(self, split: str, file: Path) -> None:
        flaws: tuple[Flaw, ...] = ()
        for block in blocks(self.source, file, self.held):
            flaws = together([*flaws, *block.flaws])
            if not flaws or self.source.on_error == "skip":  # else what follows is read to count what is wrong
                self._add(split, block)
        refuse(self.source, flaws)
        self.flaws += flaws

    def _add(self, split: str, block: Contents) -> None:
        if block.numbers is not None:
            self.skipped.append(self.rows + np.setdiff1d(np.arange(block.rows), block.numbers, assume_unique=True))
        self.rows += block.rows
        frame = pl.DataFrame(block.columns)
        if not frame.height:
            return
        integers = [name for name, each in self.held.items() if each in (INTEGER, BOOLEAN)]
        self.nullable |= {name for name in integers if frame[name].null_count()}
        letters = letters_of(frame)
        self.letters += letters
        self.store.add(frame, max(1, CHUNK_BYTES // row_bytes(self.held.values(), letters / frame.height)))
        self.splits.append(split)

    def reader(self) -> TableReader:
        skipped = np.concatenate(self.skipped) if self.skipped else np.empty(0, np.int64)
        told = (self.store.told(), *notes_of(len(skipped), self.rows, self.flaws))
        width = row_bytes(self.held.values(), self.letters / self.usable)
        conversion = Conversion(self.source, self.store, width, told, skipped)
        files = [*zip(self.splits, self.store.files, strict=True)]
        return TableReader(
            self.source, self.held, files, np.cumsum(self.store.rows), frozenset(self.nullable), conversion
        )
