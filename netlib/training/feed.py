"""Where the samples of an epoch come from. `netlib.training.fit` asks a `Feed` for the blocks of an epoch, and knows nothing else
of the data; streams are in `netlib.training.streamed`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
import tensorflow as tf

from netlib.data.arrays import Array
from netlib.data.shuffling import permutation
from netlib.spec.errors import UsageError
from netlib.training.loop import Block, DeviceData
from netlib.training.waiting import Poll, no_poll


class Feed(Protocol):
    """The samples of every epoch: how many, and in how many steps, None where that is not known before its end."""

    samples: int | None
    steps: int | None

    def epoch(self, number: int, start: int, end: int, poll: Poll = no_poll, /) -> Iterator[Block]:
        """The blocks of an epoch, in order.

        Args:
            number: epochs before this one.
            start: steps of the epoch that are done already; the first block holds the next one.
            end: step of the epoch that will not be gone beyond, so that nothing behind it needs to be read.
            poll: is called a few times a second while samples are read by another thread, and may end that.
        """
        ...


class ArraysFeed:
    """Samples that are on the device for the whole training, in another order in each epoch if they are shuffled.

    Args:
        data: the samples.
        rows: samples of a step.
        seed: decides the orders.
        shuffle: whether each epoch has an order of its own.
        drop_remainder: whether a smaller last step is left out.

    Raises:
        UsageError: they are not enough for one step.
    """

    def __init__(
        self, data: DeviceData, rows: int, seed: int, *, shuffle: bool = True, drop_remainder: bool = False
    ) -> None:
        self.seed = seed
        self.samples: int | None = data.length
        self._data = data
        self._rows = rows
        self._shuffle = shuffle
        self._whole, self._rest = whole_and_rest(data.length, rows, drop_remainder)
        self.steps: int | None = self._whole + bool(self._rest)

    def epoch(self, number: int, start: int, end: int, poll: Poll = no_poll) -> Iterator[Block]:
        """Its whole steps, and the smaller last one; see `Feed`."""
        del end, poll  # there is nothing to wait for
        order = tf.constant(self._order(number), tf.int32)
        behind = self._whole * self._rows
        if start < self._whole:
            yield Block(self._data.tensors, order[:behind], self._rows, 0, self._whole, numbers=self._data.numbers)
        if self._rest and start <= self._whole:
            last, numbers = self._whole + 1, self._data.numbers
            yield Block(self._data.tensors, order[behind:], self._rest, self._whole, last, numbers=numbers)

    def _order(self, number: int) -> Array:
        """Of the rows in an epoch."""
        if self._shuffle:
            return permutation(self.seed, number, self._data.length)
        return np.arange(self._data.length, dtype=np.int32)


def whole_and_rest(samples: int, rows: int, drop_remainder: bool) -> tuple[int, int]:
    """The whole steps of an epoch, and the samples of the smaller last one, 0 where it is left out.

    Raises:
        UsageError: they are not enough for one step.
    """
    whole, rest = divmod(samples, rows)
    rest = 0 if drop_remainder else rest
    if not whole + rest:
        dropped = " and smaller ones are dropped; set a smaller batch size" if samples else ""
        raise UsageError(f"there is nothing to train on: {samples} samples, a step takes {rows}{dropped}")
    return whole, rest
