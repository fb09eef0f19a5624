"""Reads a part of the rows of Parquet files at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import polars as pl

from netlib.data.arrays import SPLITS, Array, Arrays, Values
from netlib.data.sources.table_contents import checked
from netlib.data.sources.table_values import final
from netlib.data.sources.tables import samples_of, target_of
from netlib.spec.errors import NetlabError
from netlib.spec.sources.table import TableSpec
from netlib.spec.sources.table_columns import INTEGER, STRING, columns_of, parted
from netlib.spec.sources.table_types import polars_errors

CHUNK_BYTES = 2**21
"""Of neighbours that are read together, about: less would be slow, more would mix an epoch less."""
FAR_APART = 4096
"""Rows between two that are wanted, from which they are read one after the other."""
TEXT_BYTES = 32
"""Of a text, about."""


@dataclass(frozen=True)
class TableReader:
    """The rows of Parquet files; see `netlib.data.streaming.Reader`.

    Attributes:
        source: whose columns are read.
        held: column -> what it holds.
        files: the files by split.
        ends: how many rows there are up to the end of each file.
        nullable: columns of integers of which some are missing, which are floats for that.
    """

    source: TableSpec
    held: dict[str, str]
    files: Sequence[tuple[str, Path]]
    ends: Array
    nullable: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def opened(cls, source: TableSpec) -> Self:
        """Looks at the files' metadata, and for what is missing."""
        held = source.used()
        files = [(split, file) for split, found in source.files_by_split().items() for file in found]
        with polars_errors(files[0][1]):
            counts = [int(pl.scan_parquet(file).select(pl.len()).collect().item()) for _, file in files]
            integers = [name for name, each in held.items() if each == INTEGER]
            missing = pl.scan_parquet([file for _, file in files]).select(pl.col(integers).null_count()).collect()
        nullable = frozenset(name for name in integers if missing[name][0])
        return cls(source, held, files, np.cumsum(counts), nullable)

    @property
    def rows(self) -> int:
        """How many there are."""
        return int(self.ends[-1])

    @property
    def row_bytes(self) -> int:
        """What a row takes in memory, about."""
        return sum(TEXT_BYTES if each == STRING else 4 for each in self.held.values())

    @property
    def chunk(self) -> int:
        """Rows that are best read together."""
        return max(1, CHUNK_BYTES // self.row_bytes)

    def take(self, numbers: Array) -> Arrays:
        """See `Reader.take`."""
        order = np.argsort(numbers, kind="stable")
        columns = self._read(np.asarray(numbers)[order], self.held)
        back = np.empty(len(order), np.int64)
        back[order] = np.arange(len(order))
        return samples_of(self.source, columns).take(back)

    def values(self, name: str) -> Values:
        """See `Reader.values`."""
        inputs, _ = parted(self.source.input_columns(self.held))
        columns = self.source.targets.get(name, inputs.get(name, name))
        wanted = {column: self.held[column] for column in columns_of({name: columns})}
        frames = [self._checked(file, 0, _collected(file, wanted), wanted) for _, file in self.files]
        values: Values = target_of(columns, self._final(pl.concat(frames, rechunk=True)))
        return values

    def parts(self) -> Array | None:
        """See `Reader.parts`."""
        if not self.source.parts:
            return None
        numbers = np.array([SPLITS.index(split) for split, _ in self.files], np.int8)
        return np.repeat(numbers, np.diff(self.ends, prepend=0))

    def fingerprint(self) -> str:
        """Of the files' names, sizes and times, and of the columns that are read: their contents would take long to read."""
        stamps = [(Path(name).name, *rest) for name, *rest in self.source.stamp()]
        return hashlib.sha256(repr((stamps, self.held)).encode()).hexdigest()

    def notes(self) -> Collection[str]:
        """None."""
        return ()

    def _read(self, numbers: Array, wanted: dict[str, str]) -> dict[str, Any]:
        """Columns of rows in rising order."""
        found: list[pl.DataFrame] = []
        ends = np.searchsorted(numbers, self.ends)
        for place, (_, file) in enumerate(self.files):
            begin, before = (int(ends[place - 1]), int(self.ends[place - 1])) if place else (0, 0)
            for run in _runs(numbers[begin : ends[place]] - before):
                first = int(run[0])
                near = _collected(file, wanted, first, int(run[-1]) - first + 1)
                found.append(self._checked(file, first, near, wanted)[run - first])
        return self._final(pl.concat(found, rechunk=True))

    def _checked(self, file: Path, first: int, frame: pl.DataFrame, wanted: dict[str, str]) -> pl.DataFrame:
        """Rows of a file from `first` on, as what they are said to hold."""
        columns, faults = checked(self.source, frame, wanted)
        if faults:
            row = first + int(faults[0].rows.arg_max() or 0)
            raise NetlabError(f"{file}, row {row} (from 0): {faults[0].what}; correct such rows")
        return pl.DataFrame(columns)

    def _final(self, frame: pl.DataFrame) -> dict[str, Any]:
        values = {column.name: final(column) for column in frame}
        return {name: each.astype(np.float32) if name in self.nullable else each for name, each in values.items()}


def _collected(file: Path, wanted: dict[str, str], first: int = 0, length: int | None = None) -> pl.DataFrame:
    """Columns of neighbouring rows, as the file has them."""
    with polars_errors(file):
        return pl.scan_parquet(file).select(list(wanted)).slice(first, length).collect()


def _runs(numbers: Array) -> Iterator[Array]:
    """Rows in rising order, cut where many are left out."""
    if len(numbers):
        yield from np.split(numbers, np.flatnonzero(np.diff(numbers) > FAR_APART) + 1)
