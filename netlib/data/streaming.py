"""Samples that stay in their files, because they are more than memory may hold: read window by window, as often as is wanted."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np

from netlib.data.arrays import Array, Arrays, Values
from netlib.data.preprocessing import Preprocessing
from netlib.data.shuffling import windowed

EXAMPLES = 8
"""Samples that stand for all where only their form is asked for."""
CHUNKS = 4
"""That a window is mixed of, at least, where they are not so small that reading them would be slow."""
LEAST_CHUNK = 2**21
"""Bytes of such a small one."""
COPIES = 8
"""How often a window is in memory at most: as it is decoded, preprocessed, waiting, on the host and on the device."""


class Reader(Protocol):
    """The samples of a source, of which any rows can be read."""

    @property
    def rows(self) -> int:
        """How many there are."""
        ...

    @property
    def chunk(self) -> int:
        """Rows that lie together and are best read together; 1 where each can be read by itself."""
        ...

    @property
    def row_bytes(self) -> int:
        """What a row takes in memory, about."""
        ...

    def take(self, numbers: Array) -> Arrays:
        """The samples of these numbers, all different, in this order; as the source gives them.

        Raises:
            NetlabError: they cannot be read.
        """
        ...

    def some(self, name: str, numbers: Array) -> Values:
        """A column, input, target or what a split looks at, of the rows of these numbers, which are in rising order.

        Raises:
            NetlabError: they cannot be read.
        """
        ...

    def parts(self) -> Array | None:
        """The split of each row where the source says it; see `Arrays.parts`."""
        ...

    def fingerprint(self) -> str:
        """SHA-256 in hexadecimal of what tells the files from others."""
        ...

    def notes(self) -> Collection[str]:
        """What is to be said of how they are read."""
        ...


@runtime_checkable
class Numbered(Protocol):
    """A `Reader` whose samples are not the rows of its source, one by one: some are left out, or they are windows of rows."""

    def row_of(self, numbers: Array) -> Array:
        """The number in the source of each of these samples; of a window, that of its first row."""
        ...

    def spans(self) -> Array | None:
        """The rows that each sample is made of, where others may share them; see `Arrays.spans`."""
        ...


@dataclass(frozen=True)
class Streamed:
    """The samples of a split, preprocessed as they are read.

    Attributes:
        reader: reads them.
        numbers: their rows in the source, in rising order.
        preprocessing: what is done to them.
        window: how many are read at once.
    """

    reader: Reader
    numbers: Array
    preprocessing: Preprocessing
    window: int

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def example(self) -> Arrays:
        """The first of them."""
        return self.read(np.arange(min(len(self), EXAMPLES)))

    @property
    def row_bytes(self) -> int:
        """What a preprocessed sample takes in memory."""
        example = self.example
        return -(-example.bytes // len(example))

    def read(self, places: Array) -> Arrays:
        """The samples at these places among the split's own, in this order."""
        return self.preprocessing.apply_to(self.raw(places))

    def raw(self, places: Array) -> Arrays:
        """The same as the source gives them."""
        numbers = self.numbers[places]
        return replace(self.reader.take(numbers), rows=rows_of(self.reader, numbers))

    def windows(self, window: int, first: int = 0) -> Iterator[Arrays]:
        """The samples in their order, so many at once, from window `first` on."""
        for start in range(first * window, len(self), window):
            yield self.read(np.arange(start, min(start + window, len(self))))

    def mixed(self, seed: int, epoch: int, window: int, first: int = 0) -> Iterator[Arrays]:
        """The same in an order of the epoch's own: windows of random chunks of neighbours, whose rows are mixed."""
        mixed = max(window // CHUNKS, LEAST_CHUNK // max(self.reader.row_bytes, 1))
        for places in windowed(seed, epoch, len(self), min(self.reader.chunk, mixed, window), window, first):
            yield self.read(places)


Samples = Arrays | Streamed
"""Of a split: in memory, or in their files."""


def form_of(samples: Samples) -> Arrays:
    """Samples in memory that are like all of them: the same names, dtypes and axes."""
    return samples if isinstance(samples, Arrays) else samples.example


def rows_of(reader: Reader, numbers: Array) -> Array:
    """The rows in the source of samples."""
    return reader.row_of(numbers) if isinstance(reader, Numbered) else numbers


def window_for(reader: Reader, memory: int, ready_bytes: int = 0) -> int:
    """How many rows are read at once, so that all copies of a window stay within so many bytes.

    Args:
        reader: reads them.
        memory: the bytes.
        ready_bytes: what a row takes when it is preprocessed, if that may be more than before.
    """
    return max(1, memory // (COPIES * max(reader.row_bytes, ready_bytes, 1)))
