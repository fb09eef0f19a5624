"""From the batches of a `Stream` to blocks on the device: many at once, so that Python is entered a few times a second."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import numpy as np
import tensorflow as tf

from netlib.data.arrays import Array, Arrays
from netlib.spec.errors import UsageError
from netlib.training.loop import Block, DeviceData
from netlib.training.pace import TARGET_SECONDS
from netlib.training.stream import AGAIN, Stream
from netlib.training.waiting import Poll, no_poll

BLOCK_BYTES = 32 * 2**20
"""Of samples that go to the device at once, at most (but one step in any case)."""

BLOCK_STEPS = 256
"""Steps of a block, at most."""

Check = Callable[[Arrays, str], None]
"""Refuses samples that the network cannot take; is told what they are."""


class StreamFeed:
    """A `Feed` of batches, each one step or with `accumulate` a part of one, in the order in which they come.

    An epoch is a pass over the stream. With `steps_per_epoch` it is that many steps, which go on from epoch to epoch: an
    iterator must have enough of them, anything else begins anew at its end.

    Args:
        stream: gives the batches.
        accumulate: batches of a step.
        steps_per_epoch: steps of an epoch.
        check: is asked about each batch before it goes to the device.
        whole: whether a step that there are too few samples for is left out.
    """

    def __init__(
        self, stream: Stream, accumulate: int, steps_per_epoch: int | None, check: Check, *, whole: bool = False
    ) -> None:
        self.samples: int | None = None
        known = None if stream.length is None or whole else -(-stream.length // accumulate)
        self._whole = whole
        self.steps = steps_per_epoch or known
        self._stream = stream
        self._accumulate = accumulate
        self._endless = _endless(stream) if steps_per_epoch else None
        self._check = check
        self._taken = 0
        self._slots = 0

    def epoch(self, number: int, start: int, end: int, poll: Poll = no_poll) -> Iterator[Block]:
        """Blocks of as many steps as fit, or as come in a moment; this thread makes them, so that nothing is polled.

        Raises:
            UsageError: the stream has not as many batches as it must have, or one is not like the first.
        """
        del poll
        first = start
        for steps in self._runs(islice(self._groups(number, start), max(end - start, 0))):
            yield self._block(steps, first)
            first += len(steps)
        if self._endless is None and first < end:
            self.steps = first

    def _groups(self, number: int, start: int) -> Iterator[Arrays]:
        """The samples of each step of the epoch from `start` on."""
        batches = self._endless or self._stream.batches()
        if self._endless is None and not self._stream.once:
            batches = islice(batches, start * self._accumulate, None)
        done = start
        while self._endless is None or done < (self.steps or 0):
            group = list(islice(batches, self._accumulate))
            self._look_at(group)
            if len(group) < self._accumulate and self._endless is not None:
                raise UsageError(self._dry(number))
            if not group:
                break
            step = joined(group)
            if self._whole and not self._is_whole(step):
                continue
            done += 1
            yield step
        if done == start:
            raise UsageError(self._dry(number, start))

    def _look_at(self, group: Sequence[Arrays]) -> None:
        for batch in group:
            self._taken += 1
            self._check(batch, f"batch {self._taken} of {self._stream.name}")

    def _dry(self, number: int, start: int = 0) -> str:
        if start:
            after = f"no batch came after the {start} steps of it that are done"
            return f"{self._stream.name} ran dry in epoch {number + 1}: {after}; give what the epoch began with"
        gave = f"{self._stream.name} ran dry in epoch {number + 1}: it gave {self._taken} batches in all"
        if self._endless is None:
            return f"{gave}, none of them in this epoch, and gives each but once; set steps_per_epoch, or give {AGAIN}"
        wanted = (self.steps or 0) * self._accumulate
        return f"{gave}, and every epoch takes {wanted}; lower steps_per_epoch or epochs, let it go on, or give {AGAIN}"

    def _runs(self, coming: Iterator[Arrays]) -> Iterator[list[Arrays]]:
        """Steps of equal size, for one block each. The first whole ones decide for how many of them there is room in a block."""
        run: list[Arrays] = []
        began = 0.0
        for step in coming:
            if run and len(step) != len(run[0]):
                yield self._with_room(run, len(run))
                run = []
            began = began if run else time.perf_counter()
            run.append(step)
            most = 1 if not self._is_whole(step) else self._slots or slots_for(step, self.steps)
            if len(run) >= most or time.perf_counter() - began > TARGET_SECONDS:
                yield self._with_room(run, most)
                run = []
        if run:
            yield self._with_room(run, len(run))

    def _with_room(self, run: list[Arrays], slots: int) -> list[Arrays]:
        if self._is_whole(run[0]) and not self._slots:
            self._slots = slots
        return run

    def _is_whole(self, step: Arrays) -> bool:
        return len(step) == self._stream.rows * self._accumulate

    def _block(self, steps: list[Arrays], first: int) -> Block:
        samples, rows = joined(steps), len(steps[0])
        slots = self._slots if self._is_whole(steps[0]) else 1
        data = DeviceData(filled(samples, slots * rows), len(samples))
        return Block(data.tensors, tf.range(slots * rows), rows, first, first + len(steps))


class StreamedData:
    """Batches to evaluate on; the counterpart of `DeviceData`.

    Args:
        stream: gives the batches.
        batches: how many to take of each pass; all by default.
        check: is asked about each batch before it goes to the device.
    """

    def __init__(self, stream: Stream, batches: int | None, check: Check) -> None:
        self.samples: int | None = None
        self._stream = stream
        self._batches = batches
        self._check = check
        self._slots = 0

    def pieces(self, *, joined: bool = True, poll: Poll = no_poll) -> Iterator[DeviceData]:
        """All samples of a pass, many batches at once; or, where they are not to be `joined`, each batch as it comes.

        Raises:
            UsageError: the stream has not as many batches as it must have, or one is not like the first.
        """
        del poll  # this thread makes them
        coming = self._stream.some(self._batches)
        return self._joined(coming) if joined else self._apart(coming)

    def _apart(self, coming: Iterator[Arrays]) -> Iterator[DeviceData]:
        for number, batch in enumerate(coming, start=1):
            self._check(batch, f"batch {number} of {self._stream.name}")
            yield DeviceData(batch)

    def _joined(self, coming: Iterator[Arrays]) -> Iterator[DeviceData]:
        taken = 0
        while group := self._gathered(coming, taken):
            taken += len(group)
            samples = joined(group)
            yield DeviceData(filled(samples, self._slots * self._stream.rows), len(samples))

    def _gathered(self, coming: Iterator[Arrays], taken: int) -> list[Arrays]:
        group: list[Arrays] = []
        began = time.perf_counter()
        most = self._slots or slots_for(self._stream.first, self._batches or self._stream.length)
        for batch in coming:
            self._check(batch, f"batch {taken + len(group) + 1} of {self._stream.name}")
            group.append(batch)
            if len(group) == most or time.perf_counter() - began > TARGET_SECONDS:
                self._slots = most
                return group
        self._slots = self._slots or len(group)
        return group


def slots_for(step: Arrays, known: int | None) -> int:
    """How many steps of that size go to the device at once; `known` is how many there are."""
    size = sum(array.nbytes for array in (*step.inputs.values(), *step.targets.values()))
    return max(1, min(BLOCK_BYTES // max(size, 1), BLOCK_STEPS, known or BLOCK_STEPS))


def joined(parts: Sequence[Arrays]) -> Arrays:
    """All samples, one part after the other."""
    first = parts[0]
    if len(parts) == 1:
        return first
    weights = [part.weights for part in parts if part.weights is not None]
    return Arrays(
        {name: np.concatenate([part.inputs[name] for part in parts]) for name in first.inputs},
        {name: np.concatenate([part.targets[name] for part in parts]) for name in first.targets},
        np.concatenate(weights) if weights else None,
    )


def filled(samples: Arrays, rows: int) -> Arrays:
    """The samples, and behind them copies of the last one, up to that number of rows."""
    missing = rows - len(samples)
    if not missing:
        return samples

    def fill(array: Array) -> Array:
        return np.concatenate([array, np.repeat(array[-1:], missing, axis=0)])

    return Arrays(
        {name: fill(array) for name, array in samples.inputs.items()},
        {name: fill(array) for name, array in samples.targets.items()},
        None if samples.weights is None else fill(samples.weights),
        None if samples.rows is None else fill(samples.rows),
    )


def _endless(stream: Stream) -> Iterator[Arrays]:
    """The batches of one pass after the other; of an iterator there is only one."""
    yield from stream.batches()
    while not stream.once:
        yield from stream.batches()
