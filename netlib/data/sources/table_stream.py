"""Reads a part of the rows of Parquet files at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import polars as pl

from netlib.data.arrays import Array, Arrays, Values, parts_of
from netlib.data.rows import there_and_back
from netlib.data.sources.opened_files import OpenedFiles
from netlib.data.sources.parquet_store import ParquetStore
from netlib.data.sources.stamps import fingerprint_of
from netlib.data.sources.table_contents import checked
from netlib.data.sources.table_values import final
from netlib.data.sources.tables import samples_of, target_of
from netlib.spec.errors import NetlabError
from netlib.spec.features import SourceSpec
from netlib.spec.sources.table import TableSpec
from netlib.spec.sources.table_columns import BOOLEAN, INTEGER, STRING, columns_of, parted
from netlib.spec.sources.table_types import polars_errors

CHUNK_BYTES = 2**21
"""Of neighbours that are converted to lie together, about: less would be slow to read, more would mix an epoch less."""
GROUP_BYTES = 2**24
"""Of neighbours in other files, about: a part of a group of rows, which is often as large, takes nearly as long as the whole."""
SPAN_BYTES = 2**23
"""Of rows that are read at once, about, where most of them are not wanted."""
FAR_APART = 4096
"""Rows between two that are wanted, from which they are read one after the other."""
TEXT_BYTES = 32
"""Of a text, about."""


@dataclass(frozen=True)
class Conversion:
    """Files that are not those of the source, but were made of them: all of their values are those of the columns.

    Attributes:
        source: of which they were made.
        store: where they are.
        row_bytes: what a row takes in memory, about.
        told: what is to be said of it.
        skipped: the numbers in the source of the rows that were left out, in rising order.
    """

    source: SourceSpec
    store: ParquetStore
    row_bytes: int
    told: tuple[str, ...]
    skipped: Array = field(default_factory=lambda: np.empty(0, np.int64))


@dataclass(frozen=True)
class TableReader:
    """The rows of Parquet files; see `netlib.data.streaming.Reader` and `Numbered`.

    Attributes:
        source: whose columns are read.
        held: column -> what it holds.
        files: the files by split.
        ends: how many rows there are up to the end of each file.
        nullable: columns of integers of which some are missing, which are floats for that.
        conversion: how the files were made, if they are not those of the source.
        opened_files: those of the source, if none were made of them.
    """

    source: TableSpec
    held: dict[str, str]
    files: Sequence[tuple[str, Path]]
    ends: Array
    nullable: frozenset[str] = field(default_factory=frozenset)
    conversion: Conversion | None = None
    opened_files: OpenedFiles | None = None

    @classmethod
    def opened(cls, source: TableSpec) -> Self:
        """Looks at the files' metadata, and for what is missing."""
        held = source.used()
        files = [(split, file) for split, found in source.files_by_split().items() for file in found]
        opened = OpenedFiles.of(file for _, file in files)
        with polars_errors(files[0][1]):
            counts = [int(pl.scan_parquet(file).select(pl.len()).collect().item()) for _, file in files]
            integers = [name for name, each in held.items() if each in (INTEGER, BOOLEAN)]
            missing = pl.scan_parquet([file for _, file in files]).select(pl.col(integers).null_count()).collect()
        nullable = frozenset(name for name in integers if missing[name][0])
        return cls(source, held, files, np.cumsum(counts), nullable, opened_files=opened)

    @property
    def rows(self) -> int:
        """How many there are."""
        return int(self.ends[-1])

    @property
    def row_bytes(self) -> int:
        """What a row takes in memory, about."""
        if self.conversion:
            return self.conversion.row_bytes
        return _row_bytes(self.held)

    @property
    def chunk(self) -> int:
        """Rows that are best read together."""
        return max(1, (CHUNK_BYTES if self.conversion else GROUP_BYTES) // self.row_bytes)

    @property
    def costly(self) -> bool:
        """See `netlib.data.keeping.Costly`; what was converted is there already, as it is best read."""
        return self.conversion is None

    def take(self, numbers: Array) -> Arrays:
        """See `Reader.take`."""
        numbers = np.asarray(numbers)
        if (numbers[1:] > numbers[:-1]).all():
            return samples_of(self.source, self._read(numbers, self.held))
        order, back = there_and_back(numbers)
        return samples_of(self.source, self._read(numbers[order], self.held)).take(back)

    def some(self, name: str, numbers: Array) -> Values:
        """See `Reader.some`."""
        inputs, _ = parted(self.source.input_columns(self.held))
        columns = self.source.targets.get(name, inputs.get(name, name))
        wanted = {column: self.held[column] for column in columns_of({name: columns})}
        values: Values = target_of(columns, self._read(numbers, wanted))
        return values

    def parts(self) -> Array | None:
        """See `Reader.parts`."""
        splits = [split for split, _ in self.files]
        return parts_of(splits, np.diff(self.ends, prepend=0)) if self.source.parts else None

    def fingerprint(self) -> str:
        """See `fingerprint_of`."""
        return fingerprint_of(self.conversion.source if self.conversion else self.source)

    def notes(self) -> Collection[str]:
        """What is to be said of a conversion."""
        return self.conversion.told if self.conversion else ()

    def row_of(self, numbers: Array) -> Array:
        """See `Numbered.row_of`."""
        if self.conversion is None:
            return numbers
        skipped = self.conversion.skipped
        before = skipped - np.arange(len(skipped))  # how many that are not left out precede each
        return numbers + np.searchsorted(before, numbers, side="right")

    def spans(self) -> Array | None:
        """See `Numbered.spans`."""
        return None

    def _read(self, numbers: Array, wanted: dict[str, str]) -> dict[str, Any]:
        """Columns of rows in rising order."""
        found: list[pl.DataFrame] = []
        span = max(FAR_APART, SPAN_BYTES // _row_bytes(wanted), 2 * len(numbers))
        ends = np.searchsorted(numbers, self.ends)
        for place, (_, file) in enumerate(self.files):
            begin, before = (int(ends[place - 1]), int(self.ends[place - 1])) if place else (0, 0)
            for run in _runs(numbers[begin : ends[place]] - before, span):
                first = int(run[0])
                found.append(_collected(file, wanted, first, int(run[-1]) - first + 1)[run - first])
                if self.opened_files:
                    self.opened_files.need_unchanged([place])
        return self._final(self._checked(numbers, pl.concat(found, rechunk=True), wanted))

    def _checked(self, numbers: Array, frame: pl.DataFrame, wanted: dict[str, str]) -> pl.DataFrame:
        """Rows with these numbers, as what they are said to hold."""
        if self.conversion:
            return frame
        columns, faults = checked(self.source, frame, wanted)
        if faults:
            row = int(numbers[faults[0].rows.arg_max() or 0])
            place = int(np.searchsorted(self.ends, row, side="right"))
            file, before = self.files[place][1], int(self.ends[place - 1]) if place else 0
            raise NetlabError(f"{file}, row {row - before} (from 0): {faults[0].what}; correct such rows")
        return pl.DataFrame(columns)

    def _final(self, frame: pl.DataFrame) -> dict[str, Any]:
        values = {column.name: final(column) for column in frame}
        return {name: each.astype(np.float32) if name in self.nullable else each for name, each in values.items()}


def _collected(file: Path, wanted: dict[str, str], first: int = 0, length: int | None = None) -> pl.DataFrame:
    """Columns of neighbouring rows, as the file has them."""
    with polars_errors(file):
        return pl.scan_parquet(file).select(list(wanted)).slice(first, length).collect()


def _row_bytes(held: dict[str, str]) -> int:
    return sum(TEXT_BYTES if each == STRING else 4 for each in held.values())


def _runs(numbers: Array, span: int) -> Iterator[Array]:
    """Rows in rising order, cut where many are left out, and so that each run goes over at most so many."""
    if len(numbers):
        cuts = (np.diff(numbers) > FAR_APART) | (np.diff(numbers // span) > 0)
        yield from np.split(numbers, np.flatnonzero(cuts) + 1)
