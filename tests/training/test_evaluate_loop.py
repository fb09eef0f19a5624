"""However many batches are evaluated in one call: the same bits, one trace, and somebody is asked in between."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib.data.arrays import Arrays
from netlib.nn.module import Module
from netlib.training.captured import Guard
from netlib.training.evaluate_loop import EvaluateLoop
from netlib.training.loop import DeviceData


class Fixed:
    """A pace that does not learn."""

    def __init__(self, length: int) -> None:
        self.length = length

    def took(self, steps: int, seconds: float) -> None:
        del seconds
        assert 1 <= steps <= self.length


@pytest.fixture
def data() -> Arrays:
    random = np.random.default_rng(0)
    return Arrays({"x": random.normal(size=1003).astype(np.float32)}, {}, random.random(1003).astype(np.float32))


class Measuring:
    """An evaluation that counts its traces, and the batches that have run."""

    def __init__(self, execution: str) -> None:
        self.traces = 0
        self.batches = tf.Variable(0)
        guard = Guard("the test", Module(), lambda: [self.batches])
        self.loop = EvaluateLoop(self._measure, columns=1, batch_size=8, execution=execution, guard=guard)

    def _measure(self, batch: Any, weights: tf.Tensor, first_row: tf.Tensor) -> tf.Tensor:
        self.traces += 1
        self.batches.assign_add(1)
        return tf.reduce_sum(tf.sin(batch["inputs"]["x"] + tf.cast(first_row, tf.float32)) * weights)[None]


@pytest.mark.parametrize("execution", ["xla", "graph"])
def test_the_number_of_batches_in_a_call_changes_no_bit_and_compiles_nothing(data: Arrays, execution: str) -> None:
    measuring = Measuring(execution)
    pieces = DeviceData(data)
    found = set()
    polls: list[int] = []
    for length in (1, 2, 7, 50, 10**6):
        measuring.loop._pace = Fixed(length)  # type: ignore[assignment]
        polls.clear()
        measuring.batches.assign(0)
        found.add(str(measuring.loop.run(pieces.pieces(), lambda: polls.append(int(measuring.batches)))))
        assert polls == [*range(length, 126, length), 126]
    assert len(found) == 1
    assert measuring.traces == 1


def test_what_is_raised_when_it_is_asked_ends_it(data: Arrays) -> None:
    measuring = Measuring("graph")

    def poll() -> None:
        if measuring.batches >= 9:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        measuring.loop.run(DeviceData(data).pieces(), poll)
    assert 9 <= int(measuring.batches) < 126


def test_the_pace_is_kept_for_the_next_evaluation(data: Arrays) -> None:
    measuring = Measuring("graph")
    counts: list[int] = []
    polls: list[None] = []
    for _ in range(3):
        polls.clear()
        measuring.loop.run(DeviceData(data).pieces(), lambda: polls.append(None))
        counts.append(len(polls))
    assert counts[0] > counts[-1] == 1
