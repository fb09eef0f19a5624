"""The samples of a table's files from front to back, some at a time: for whoever needs each of them once, and in its order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import polars as pl

from netlib.data.arrays import Arrays
from netlib.data.sources.table_blocks import blocks
from netlib.data.sources.table_contents import Contents
from netlib.data.sources.table_flaws import Flaw, need_some, notes_of, refuse, together
from netlib.data.sources.table_values import final
from netlib.data.sources.tables import samples_of
from netlib.spec.sources.table import TableSpec

_NUMBER = "\0number"
"""The column that has the number of each row among all; no file has one of that name."""


@dataclass
class Passing:
    """What was read so far.

    Attributes:
        source: whose columns are read.
        rows: how many there were, those that cannot be used among them.
        skipped: how many of them cannot.
        flaws: what is wrong with those.
    """

    source: TableSpec
    rows: int = 0
    skipped: int = 0
    flaws: tuple[Flaw, ...] = field(default=())

    def samples(self, count: int) -> Iterator[Arrays]:
        """So many at once but for the last ones, with their numbers; what `tables.read` reads, in parts.

        Raises:
            SpecError: the files have no such columns.
            NetlabError: they are damaged, or have rows that cannot be used and are not to be left out. What precedes the first
                such row was given then.
        """
        waiting: pl.DataFrame | None = None
        for frame in self._frames():
            waiting = frame if waiting is None else pl.concat([waiting, frame])
            whole = waiting.height // count * count
            for start in range(0, whole, count):
                yield self._arrays(waiting[start : start + count])
            waiting = waiting[whole:]
        need_some(self.source.files()[0], self.rows - self.skipped, self.flaws)
        if waiting is not None and waiting.height:
            yield self._arrays(waiting)

    def notes(self) -> tuple[str, ...]:
        """What is to be said of rows that were left out."""
        return notes_of(self.skipped, self.rows, self.flaws)

    def _frames(self) -> Iterator[pl.DataFrame]:
        held = self.source.used()
        for file in self.source.files():
            yield from self._of_file(file, held)

    def _of_file(self, file: Path, held: dict[str, str]) -> Iterator[pl.DataFrame]:
        flaws: tuple[Flaw, ...] = ()
        for block in blocks(self.source, file, held):
            flaws = together([*flaws, *block.flaws])
            frame = self._numbered(block)
            if not flaws or self.source.on_error == "skip":  # else what follows is read to count what is wrong
                yield frame
        refuse(self.source, flaws)
        self.flaws += flaws

    def _numbered(self, block: Contents) -> pl.DataFrame:
        numbers = np.arange(block.rows) if block.numbers is None else block.numbers
        frame = pl.DataFrame({**block.columns, _NUMBER: self.rows + numbers.astype(np.int64)})
        self.rows += block.rows
        self.skipped += block.skipped
        return frame

    def _arrays(self, frame: pl.DataFrame) -> Arrays:
        numbers = frame[_NUMBER].to_numpy()
        columns = {each.name: final(each) for each in frame.drop(_NUMBER).rechunk()}
        return replace(samples_of(self.source, columns), rows=numbers)
