"""Values that are looked at a portion of samples at a time, so that no copy of all of them is needed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from netlib.data.arrays import Array, Values
from netlib.data.row_error import RowError

NUMBERS = 1 << 20
"""Numbers, or times, of a portion."""
TEXTS = 1 << 14
"""Texts of a portion."""


class RoomError(Exception):
    """All values are asked for at once, and take more memory than is allowed.

    Attributes:
        size: what they take, in bytes.
        limit: what they may take.
    """

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"{size} bytes, of which {limit} are allowed")
        self.size, self.limit = size, limit

    def __str__(self) -> str:
        return f"take {self.size / 1e6:,.1f} MB, more than the {self.limit / 1e6:,.1f} MB of data.memory"


class Portions(ABC):
    """The values of a column, input or target, as often as is wanted.

    Which samples a portion has follows from their number and form alone: what is computed of portions one after the other comes
    out the same wherever the values are.
    """

    @property
    @abstractmethod
    def limit(self) -> int | None:
        """Bytes that all values may take at once; None where they are in memory anyway."""

    @abstractmethod
    def __len__(self) -> int:
        """How many samples there are."""

    @abstractmethod
    def __iter__(self) -> Iterator[Values]:
        """One portion after the other; at least one, which is empty if there are no samples."""

    @abstractmethod
    def whole(self) -> Values:
        """All values.

        Raises:
            RoomError: they take more memory than is allowed.
        """


@dataclass(frozen=True)
class Held(Portions):
    """Values that are in memory."""

    values: Values

    @property
    def limit(self) -> None:
        """None."""

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[Values]:
        for part in parts_of(len(self.values), self.values[:1]):
            yield self.values[part]

    def whole(self) -> Values:
        """As they are."""
        return self.values


@dataclass(frozen=True)
class Prepared(Portions):
    """What a step makes of values, whenever they are asked for."""

    before: Portions
    apply: Callable[[Values], Values]

    @property
    def limit(self) -> int | None:
        """As of the values that the step takes."""
        return self.before.limit

    def __len__(self) -> int:
        return len(self.before)

    def __iter__(self) -> Iterator[Values]:
        done = 0
        for values in self.before:
            try:
                yield self.apply(values)
            except RowError as error:
                if self.limit is None:
                    self.whole()  # says of all samples what is wrong
                raise error.at(done + error.index) from None
            done += len(values)

    def whole(self) -> Values:
        """All values; see `Portions.whole`."""
        return self.apply(self.before.whole()) if self.limit is None else gathered(self, len(self), self.limit)


def portions_of(values: Values | Portions) -> Portions:
    """Values that are in memory as portions; portions as they are."""
    return values if isinstance(values, Portions) else Held(values)


def parts_of(count: int, sample: Values) -> Iterator[slice]:
    """The portions of so many samples that are like the one given."""
    if isinstance(sample, np.ndarray):
        rows = max(1, NUMBERS // max(1, sample.size))
    else:
        rows = TEXTS if str(sample.dtype) == "String" else NUMBERS
    yield from (slice(start, min(start + rows, count)) for start in range(0, max(count, 1), rows))


def gathered(portions: Iterable[Values], count: int, limit: int) -> Values:
    """The values of all portions, of so many samples, together.

    Raises:
        RoomError: they take more than `limit` bytes.
    """
    texts: list[Any] = []
    numbers: Array | None = None
    size = done = 0
    for values in portions:
        if isinstance(values, np.ndarray):
            if numbers is None:
                _need_room(count * values[:1].nbytes, limit)
                numbers = np.empty((count, *values.shape[1:]), values.dtype)
            numbers[done : done + len(values)] = values
            done += len(values)
        else:
            size += int(values.estimated_size())
            _need_room(size, limit)
            texts.append(values)
    if numbers is not None:
        return numbers
    import polars as pl

    joined: Values = pl.concat(texts)
    return joined


def _need_room(size: int, limit: int) -> None:
    if size > limit:
        raise RoomError(size, limit)
