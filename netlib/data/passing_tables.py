"""The rows of CSV and JSON lines files with all their columns, read from front to back as they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any

import numpy as np
import polars as pl

from netlib.data.arrays import Array
from netlib.data.original_blocks import Block, Read, reader_of
from netlib.data.original_tables import looks_of, typed_column
from netlib.spec.errors import NetlabError
from netlib.spec.sources.table import TableSpec


def passing_table(source: TableSpec, *, typed: bool) -> PassingTable:
    """The rows of a table's files; see `netlib.data.original_tables.opened_table`.

    With `typed`, CSV files are looked through once before, for what every value of a column is.

    Raises:
        NetlabError: a file is damaged.
    """
    names = tuple(source.columns_in(source.files()[0]))
    readers = [reader_of(source, file, names) for file in source.files()]
    missing = ["", *source.missing_texts()]
    looks = _that_all_have(looks_of(source), readers, missing) if typed else {}

    def read() -> Iterator[Block]:
        for block in chain.from_iterable(each() for each in readers):
            made = [typed_column(block.frame[name], held, missing) for name, held in looks.items()]
            yield block._replace(frame=block.frame.with_columns(made))

    return PassingTable(names, read)


def _that_all_have(looks: Mapping[str, str], readers: list[Read], missing: list[str]) -> dict[str, str]:
    kept = dict(looks)
    for block in chain.from_iterable(each() for each in readers):
        texts = {name for name, held in kept.items() if _is_text(typed_column(block.frame[name], held, missing))}
        kept = {name: held for name, held in kept.items() if name not in texts}
    return kept


def _is_text(column: pl.Series) -> bool:
    return column.dtype == pl.String()


class PassingTable:
    """Rows of which a block is in memory at a time. Rows in front of those that were asked for last are read anew."""

    def __init__(self, names: tuple[str, ...], read: Callable[[], Iterator[Block]]) -> None:
        self.names = names
        self._read = read
        self._begin()

    def columns(self, rows: Array) -> dict[str, Any]:
        """See `Table.columns`; rows in any order."""
        order = np.argsort(rows, kind="stable")
        wanted = np.asarray(rows)[order]
        if len(wanted) and wanted[0] < self._first:
            self._begin()
        found = []
        while len(wanted):
            here = int(np.searchsorted(wanted, self._first + self._block.rows))
            if here:
                found.append(self._block.frame[np.searchsorted(self._block.numbers, wanted[:here] - self._first)])
            wanted = wanted[here:]
            if len(wanted):
                self._pass()
        frame = pl.concat(found, how="vertical_relaxed", rechunk=True)[np.argsort(order, kind="stable")]
        return {name: frame[name] for name in self.names}

    def _begin(self) -> None:
        self._first = 0
        self._waiting = self._read()
        self._block = Block(pl.DataFrame(), np.empty(0, np.int64), 0)

    def _pass(self) -> None:
        self._first += self._block.rows
        following = next(self._waiting, None)
        if following is None:
            raise NetlabError("a file has fewer rows than before: it was changed while it was read")
        self._block = following
