"""Training and evaluation on samples that stay in their files: a window of them is on the device at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

import tensorflow as tf

from netlib.data.arrays import Arrays
from netlib.data.streaming import Samples, Streamed
from netlib.training.ahead import ahead
from netlib.training.feed import whole_and_rest
from netlib.training.loop import Block, DeviceData
from netlib.training.streamed import filled
from netlib.training.waiting import Poll, no_poll

Check = Callable[[Arrays, str], None]
"""Refuses samples that the network cannot take; is told what they are."""

Weigh = Callable[[Arrays], Arrays]
"""Gives samples the weights of their classes."""


def measured(samples: Samples, rows: int, check: Check | None, name: str) -> DeviceData | WindowData:
    """A split to evaluate on, wherever its samples are; the arguments are those of `WindowData`."""
    return WindowData(samples, rows, check, name) if isinstance(samples, Streamed) else DeviceData(samples)


class WindowFeed:
    """A `Feed` of samples that are read while those before them are trained on.

    Each epoch goes through all of them in an order that follows from the seed, as far as it can be random when chunks of
    neighbours are read together. A window holds whole steps. Which samples a step gets depends on the size of a window, and so
    on the memory that is allowed.

    Args:
        samples: the training split.
        rows: samples of a step.
        seed: decides the orders.
        check: is asked about each window.
        shuffle: whether each epoch has an order of its own.
        drop_remainder: whether a smaller last step is left out.
        weigh: what is done to each window, if anything.

    Raises:
        UsageError: they are not enough for one step.
    """

    def __init__(
        self,
        samples: Streamed,
        rows: int,
        seed: int,
        check: Check | None,
        *,
        shuffle: bool = True,
        drop_remainder: bool = False,
        weigh: Weigh | None = None,
    ) -> None:
        self.samples: int | None = len(samples)
        self._data = samples
        self._weigh = weigh
        self._rows = rows
        self._seed = seed
        self._check = check
        self._shuffle = shuffle
        whole, self._rest = whole_and_rest(len(samples), rows, drop_remainder)
        self.steps: int | None = whole + bool(self._rest)
        self._window_steps = min(max(1, samples.window // rows), max(whole, 1))
        self._in_order = tf.range(self._window_steps * rows)

    def epoch(self, number: int, start: int, end: int, poll: Poll = no_poll) -> Iterator[Block]:
        """Blocks of a window each; see `Feed`. Windows whose steps are done are not read."""
        first = start // self._window_steps
        last = -(-min(end, self.steps or end) // self._window_steps)
        windows = islice(self._windows(number, first), last - first)
        for place, data in enumerate(ahead(self._put(windows), poll), start=first):
            yield from self._blocks(data, place * self._window_steps)

    def _put(self, windows: Iterator[Arrays]) -> Iterator[DeviceData]:
        """The windows on the device, all of one length: whoever reads them puts them there, while steps run."""
        for samples in _looked_at(windows, self._check, "the training split"):
            weighed = self._weigh(samples) if self._weigh else samples
            yield DeviceData(filled(weighed, self._window_steps * self._rows), len(samples))

    def _blocks(self, data: DeviceData, first: int) -> Iterator[Block]:
        """Of a window: its whole steps, and in the last one the smaller step behind them."""
        steps, rest = divmod(data.length, self._rows)
        if steps:
            yield Block(data.tensors, self._in_order, self._rows, first, first + steps, numbers=data.numbers)
        if rest and self._rest:
            behind = tf.range(steps * self._rows, data.length)
            yield Block(data.tensors, behind, rest, first + steps, first + steps + 1, numbers=data.numbers)

    def _windows(self, number: int, first: int) -> Iterator[Arrays]:
        window = self._window_steps * self._rows
        if self._shuffle:
            return self._data.mixed(self._seed, number, window, first)
        return self._data.windows(window, first)


class WindowData:
    """A split to evaluate on; the counterpart of `DeviceData`.

    Args:
        samples: the split.
        rows: samples of a batch.
        check: is asked about each window.
        name: what they are, for its message.
    """

    def __init__(self, samples: Streamed, rows: int, check: Check | None, name: str) -> None:
        self.samples: int | None = len(samples)
        self._data = samples
        self._window = min(max(1, samples.window // rows), -(-len(samples) // rows)) * rows
        self._rows = rows
        self._check = check
        self._name = name

    def pieces(self, *, joined: bool = True, poll: Poll = no_poll) -> Iterator[DeviceData]:
        """Windows in the order of the source; or, where they are not to be `joined`, each batch by itself."""
        window = self._window if joined else self._rows
        yield from ahead(self._put(window, joined=joined), poll)

    def _put(self, window: int, *, joined: bool) -> Iterator[DeviceData]:
        for samples in _looked_at(self._data.windows(window), self._check, self._name):
            yield DeviceData(filled(samples, window) if joined else samples, len(samples))


def _looked_at(windows: Iterator[Arrays], check: Check | None, name: str) -> Iterator[Arrays]:
    for samples in windows:
        if check:
            check(samples, name)
        yield samples
