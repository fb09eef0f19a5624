"""Measures a training while it runs: how fast its epochs are, where their time goes, what the process has taken; and the machine.

`Stopwatch` takes part in a `netlib.training.fit.fit` as a callback, so what is timed is the loop that every training has.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tensorflow as tf

from netlib.training.callbacks.callback import Callback, Training
from netlib.training.feed import Feed
from netlib.training.loop import Block
from netlib.training.waiting import Poll, no_poll

LONG_ENOUGH = 0.3
"""Seconds that a round takes at least: where an epoch is shorter, several make one."""

MATMUL_SIZE = 2048
MATMUL_FLOPS = 2 * MATMUL_SIZE**3
_PRODUCTS = 3

Clock = Callable[[], float]


@dataclass(frozen=True)
class Round:
    """Epochs that were timed together.

    `seconds` are those on the wall; of these, `compute` are spent in the compiled loop, and `data` waiting for the feed. The
    rest is Python's.
    """

    epochs: int
    steps: int
    samples: int
    seconds: float
    compute: float
    data: float


class TimedFeed:
    """A feed, with the seconds in which the training has waited for it."""

    def __init__(self, feed: Feed, clock: Clock = time.perf_counter) -> None:
        self.samples = feed.samples
        self.steps = feed.steps
        self.waited = 0.0
        self._feed = feed
        self._clock = clock

    def epoch(self, number: int, start: int, end: int, poll: Poll = no_poll) -> Iterator[Block]:
        """The blocks of the feed that it is made of; see `Feed`."""
        blocks = self._feed.epoch(number, start, end, poll)
        while True:
            began = self._clock()
            block = next(blocks, None)
            self.waited += self._clock() - began
            if block is None:
                return
            yield block


class Stopwatch(Callback):
    """Times epochs, and ends the training after so many rounds of them.

    The first epoch compiles. The next ones, until they have taken `LONG_ENOUGH`, warm up, and tell how many epochs a round has.

    Args:
        feed: what the training reads.
        rounds: how many are timed.
        turn: called, off the clock, after warming up with 0 and after each round with its number.
        clock: seconds, from any moment on.
    """

    def __init__(
        self, feed: TimedFeed, rounds: int, turn: Callable[[int], None], clock: Clock = time.perf_counter
    ) -> None:
        self.rounds: list[Round] = []
        self.first_step_at: float | None = None
        self._feed = feed
        self._wanted = rounds
        self._turn = turn
        self._clock = clock
        self._epochs: list[Round] = []
        self._epochs_of_round: int | None = None
        self._compiles = True
        self._steps = self._samples = 0

    def join(self, training: Training) -> None:
        """Notes where the training stands."""
        self._progress = training.progress

    def epoch_started(self, epoch: int, epochs: int | None, steps: int | None) -> None:
        """Starts."""
        self._waited = self._feed.waited
        self._began = self._clock()

    def chunk_ended(
        self,
        epoch: int,
        step_in_epoch: int,
        steps_in_epoch: int | None,
        logs: Mapping[str, float],
        samples_per_second: float,
    ) -> None:
        """Notes when the first step was done, and how far the epoch is."""
        if self.first_step_at is None:
            self.first_step_at = self._clock()
        self._steps, self._samples = step_in_epoch, self._progress.samples

    def epoch_ended(self, record: Mapping[str, Any]) -> None:
        """Stops; where a round is full, whoever else has a turn takes it."""
        seconds = self._clock() - self._began
        if self._compiles:
            self._compiles = False
            return
        waited = self._feed.waited - self._waited
        self._epochs.append(Round(1, self._steps, self._samples, seconds, record["seconds"], waited))
        if self._epochs_of_round is None:
            if sum(each.seconds for each in self._epochs) >= LONG_ENOUGH:
                self._epochs_of_round = len(self._epochs)
                self._epochs.clear()
                self._turn(0)
        elif len(self._epochs) == self._epochs_of_round:
            self.rounds.append(_together(self._epochs))
            self._epochs.clear()
            self._turn(len(self.rounds))

    def stop(self) -> str | None:
        """After the last round."""
        return "everything is measured" if len(self.rounds) == self._wanted else None


def _together(epochs: list[Round]) -> Round:
    return Round(
        len(epochs),
        sum(each.steps for each in epochs),
        sum(each.samples for each in epochs),
        sum(each.seconds for each in epochs),
        sum(each.compute for each in epochs),
        sum(each.data for each in epochs),
    )


def matmul_rate(seconds: float = 0.5, clock: Clock = time.perf_counter) -> float:
    """FLOP/s of the fastest product of two square float32 matrices, of those that can be made in so many seconds."""
    matrix = tf.ones([MATMUL_SIZE, MATMUL_SIZE])
    times: list[float] = []
    while len(times) < _PRODUCTS or sum(times) < seconds:
        began = clock()
        float(tf.linalg.matmul(matrix, matrix)[0, 0])  # a value that Python has is one that was computed
        times.append(clock() - began)
    return MATMUL_FLOPS / min(times)


def peak_memory() -> int:
    """Bytes of this process's resident set at its largest."""
    status = Path("/proc/self/status")
    if status.exists():  # `ru_maxrss` would have the parent's, from before this process became another program
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    from resource import RUSAGE_SELF, getrusage

    return getrusage(RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
