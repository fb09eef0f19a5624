"""The values of a column that stay in their files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from netlib.data.arrays import Array, Values
from netlib.data.portions import Portions, gathered, parts_of
from netlib.data.rows import number_type
from netlib.data.streaming import Reader


@dataclass(frozen=True)
class Stored(Portions):
    """A column, input, target or what a split looks at, read a portion at a time whenever it is asked for.

    Attributes:
        reader: reads it.
        name: of the column.
        room: bytes that all values may take at once.
        numbers: the rows that are meant, in rising order; None for all.
    """

    reader: Reader
    name: str
    room: int
    numbers: Array | None = None

    @property
    def limit(self) -> int:
        """Bytes that all values may take at once."""
        return self.room

    def __len__(self) -> int:
        return self.reader.rows if self.numbers is None else len(self.numbers)

    def __getitem__(self, places: Array) -> Stored:
        """Of the rows at these places, which are in rising order."""
        return replace(self, numbers=places if self.numbers is None else self.numbers[places])

    def __iter__(self) -> Iterator[Values]:
        for part in parts_of(len(self), self._read(slice(0, min(len(self), 1)))):
            yield self._read(part)

    def whole(self) -> Values:
        """All values; see `Portions.whole`."""
        return gathered(self, len(self), self.room)

    def _read(self, part: slice) -> Values:
        if self.numbers is not None:
            return self.reader.some(self.name, self.numbers[part])
        return self.reader.some(self.name, np.arange(part.start, part.stop, dtype=number_type(self.reader.rows)))
