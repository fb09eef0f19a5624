"""Samples of like length in one batch, so that short ones do not pay for long ones: a `Feed` of buckets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import tensorflow as tf

from netlib.data.arrays import Array
from netlib.data.shuffling import generator, shuffled
from netlib.spec.errors import UsageError
from netlib.training.loop import Block, DeviceData
from netlib.training.waiting import Poll, no_poll

RUN = 16
"""Steps of one bucket that come one after the other, at most: each change of the bucket is a return from the device."""
MIX = 32
"""Runs that an epoch has at least, where it has as many steps: so often may the bucket change."""


@dataclass(frozen=True)
class _Run:
    """Steps of `rows` rows of one bucket that come one after the other."""

    bucket: int
    rows: int
    steps: int


class BucketFeed:
    """Samples that are on the device for the whole training, by bucket. A step has samples of one bucket only.

    In each epoch every bucket has another order, and runs of its steps take turns with those of the others at random; all of
    this follows from the seed and the epoch. What does not fill a step is a smaller step of its own in each bucket.

    Args:
        buckets: the samples of each, of shapes of its own.
        rows: samples of a step.
        seed: decides the orders.
        shuffle: whether each epoch has orders of its own; else one bucket comes after the other, each in its samples' order.
        drop_remainder: whether smaller steps are left out.

    Raises:
        UsageError: no bucket has enough for one step.
    """

    def __init__(
        self,
        buckets: Sequence[DeviceData],
        rows: int,
        seed: int,
        *,
        shuffle: bool = True,
        drop_remainder: bool = False,
    ) -> None:
        self.samples: int | None = sum(bucket.length for bucket in buckets)
        self._buckets = buckets
        self._rows = rows
        self._seed = seed
        self._shuffle = shuffle
        whole = [bucket.length // rows for bucket in buckets]
        rest = [0 if drop_remainder else bucket.length % rows for bucket in buckets]
        steps = sum(whole) + sum(map(bool, rest))
        if not steps:
            raise UsageError(
                f"there is nothing to train on: a step takes {rows} samples, smaller ones are dropped, and none of"
                f" {len(buckets)} buckets has as many; set a smaller batch size, or fewer buckets"
            )
        self.steps: int | None = steps
        self._runs = list(_runs(whole, rest, rows, min(RUN, -(-steps // MIX)) if shuffle else steps))

    def epoch(self, number: int, start: int, end: int, poll: Poll = no_poll) -> Iterator[Block]:
        """Blocks of a run each, or of several of one bucket that have come to follow one another; see `Feed`."""
        del poll  # there is nothing to wait for
        orders: dict[int, tf.Tensor] = {}
        done = Counter[int]()
        first = 0
        for run in self._joined(number):
            bucket, last = run.bucket, first + run.steps
            if first < end and start < last:
                if bucket not in orders:
                    orders[bucket] = tf.constant(self._order(number, bucket), tf.int32)
                yield self._block(run, orders[bucket], first, done[bucket])
            done[bucket] += run.steps if run.rows == self._rows else 0
            first = last

    def _block(self, run: _Run, order: tf.Tensor, first: int, done: int) -> Block:
        """Of a run that begins at step `first` of the epoch, with so many whole steps of the bucket in front of it."""
        data, last = self._buckets[run.bucket], first + run.steps
        behind = data.length // self._rows * self._rows
        if run.rows < self._rows:
            return Block(data.tensors, order[behind:], run.rows, first, last, numbers=data.numbers)
        return Block(data.tensors, order[:behind], run.rows, first, last, done, data.numbers)

    def _joined(self, number: int) -> Iterator[_Run]:
        """The runs of an epoch in its order; those of one bucket that follow one another are one."""
        runs = self._runs
        if self._shuffle:
            runs = [runs[place] for place in shuffled(generator(self._seed, "buckets", number), len(runs)).tolist()]
        for (bucket, rows), alike in groupby(runs, lambda run: (run.bucket, run.rows)):
            yield _Run(bucket, rows, sum(run.steps for run in alike))

    def _order(self, number: int, bucket: int) -> Array:
        """Of the rows of a bucket in an epoch."""
        length = self._buckets[bucket].length
        if self._shuffle:
            return shuffled(generator(self._seed, "bucket", number, bucket), length)
        return np.arange(length, dtype=np.int32)


def _runs(whole: Sequence[int], rest: Sequence[int], rows: int, most: int) -> Iterator[_Run]:
    """Runs of at most so many steps; `whole` has the whole steps of each bucket, `rest` the samples of its smaller one."""
    for bucket, (steps, left) in enumerate(zip(whole, rest, strict=True)):
        yield from (_Run(bucket, rows, min(most, steps - first)) for first in range(0, steps, most))
        if left:
            yield _Run(bucket, left, 1)
