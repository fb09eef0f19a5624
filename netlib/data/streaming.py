"""Samples that stay in their files, because they are more than memory may hold: read window by window, as often as is wanted."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from netlib.data.arrays import Array, Arrays, Values
from netlib.data.preprocessing import Preprocessing
from netlib.data.shuffling import windowed

EXAMPLES = 8
"""Samples that stand for all where only their form is asked for."""
COPIES = 8
"""How often a window is in memory at most: as it is decoded, preprocessed, waiting, on the host and on the device."""


class Reader(Protocol):
    """The samples of a source, of which any rows can be read.

    Attributes:
        rows: how many there are.
        chunk: rows that lie together and are best read together; 1 where each can be read by itself.
        row_bytes: what a row takes in memory, about.
    """

    rows: int
    chunk: int
    row_bytes: int

    def take(self, numbers: Array) -> Arrays:
        """The samples of these numbers, all different, in this order; as the source gives them.

        Raises:
            NetlabError: they cannot be read.
        """
        ...

    def values(self, name: str) -> Values:
        """A column, input, target or what a split looks at, of all rows."""
        ...

    def fingerprint(self) -> str:
        """SHA-256 in hexadecimal of what tells the files from others."""
        ...

    def notes(self) -> Collection[str]:
        """What is to be said of how they are read."""
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

    def order(self, seed: int, epoch: int, window: int) -> Array:
        """Their order in an epoch: neighbours are read together, in windows of random chunks whose rows are mixed."""
        return windowed(seed, epoch, len(self), min(self.reader.chunk, window), window)

    def read(self, places: Array) -> Arrays:
        """The samples at these places among the split's own, in this order."""
        numbers = self.numbers[places]
        samples = self.reader.take(numbers)
        ready = self.preprocessing.apply_to(samples)
        return Arrays(ready.inputs, ready.targets, ready.weights, numbers)

    def windows(self, order: Array, window: int) -> Iterator[Arrays]:
        """The samples in an order, so many at once."""
        for start in range(0, len(order), window):
            yield self.read(order[start : start + window])


def window_for(reader: Reader, memory: int) -> int:
    """How many rows are read at once, so that all copies of a window stay within so many bytes."""
    return max(1, memory // (COPIES * max(reader.row_bytes, 1)))
