"""The loop on the device: many steps, or the evaluation of many batches, in one call.

Python hands over arrays and two numbers, and gets back one row of facts for each step. `while` runs on tensors, not on a
`tf.range`, whose ends would be compiled in; shapes are static, so the smaller last batch of an epoch has a trace of its own,
made when it is first reached.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from netlib.data.arrays import Arrays
from netlib.spec.errors import UsageError
from netlib.training.step import Batch, TrainStep, map_batch

CAPACITY = 4096
"""Steps in a chunk at most: the length of the table of facts that a call fills."""

Make = Callable[[int], Callable[..., Any]]


class DeviceData:
    """Arrays put on the device once: `inputs` and `targets` by name, `weights` or None."""

    def __init__(self, arrays: Arrays) -> None:
        self.length = len(arrays)
        self.tensors: dict[str, Any] = {
            "inputs": {name: tf.constant(array) for name, array in arrays.inputs.items()},
            "targets": {name: tf.constant(array) for name, array in arrays.targets.items()},
            "weights": None if arrays.weights is None else tf.constant(arrays.weights),
        }


def compiled(function: Callable[..., Any], execution: str) -> Callable[..., Any]:
    """The function as the execution mode runs it: `xla`, `graph`, or as plain Python in `eager`."""
    if execution == "eager":
        return function
    made: Callable[..., Any] = tf.function(function, jit_compile=execution == "xla", autograph=False)
    return made


class _ByRows:
    """A compiled function for each number of rows in a batch, made when it is first asked for."""

    def __init__(self, make: Make, execution: str) -> None:
        self._make = make
        self._execution = execution
        self._made: dict[int, Callable[..., Any]] = {}

    def __contains__(self, rows: int) -> bool:
        return rows in self._made

    def __getitem__(self, rows: int) -> Callable[..., Any]:
        if rows not in self._made:
            self._made[rows] = compiled(self._make(rows), self._execution)
        return self._made[rows]


class TrainLoop:
    """Runs the steps of an epoch over the data that was last loaded. What is compiled serves any data of the same form."""

    def __init__(self, step: TrainStep, execution: str) -> None:
        self.facts = step.facts
        self._step = step
        self._rows = step.batch_size * step.accumulate
        self._run = _ByRows(self._steps_of, execution)

    def load(self, data: DeviceData, *, drop_remainder: bool = False) -> None:
        """Takes the data of the epochs to come.

        Raises:
            UsageError: it is not enough for one step.
        """
        self._data = data
        self._whole, self._rest = divmod(data.length, self._rows)
        self.steps = self._whole + (1 if self._rest and not drop_remainder else 0)
        if not self.steps:
            dropped = " and smaller ones are dropped; set a smaller batch size" if data.length else ""
            raise UsageError(f"there is nothing to train on: {data.length} samples, a step takes {self._rows}{dropped}")
        self.capacity = min(CAPACITY, max(self._whole, 1))

    def start_epoch(self, order: np.ndarray) -> None:
        """Puts the epoch's order of the rows on the device."""
        self._order = tf.constant(order, tf.int32)

    def compiles(self, position: int) -> bool:
        """Whether the chunk that begins at a step of the epoch has to be compiled first."""
        return self._rows_at(position) not in self._run

    def run(self, position: int, end: int, step: int) -> np.ndarray:
        """Runs the steps `position` to `end` of the epoch; stops sooner in front of the smaller last one.

        Args:
            position: steps of this epoch that are done.
            end: wanted position afterwards.
            step: steps done in the whole run.

        Returns:
            float32 [steps run, facts]: the columns are `facts`.
        """
        order, start = self._order, position
        if position < self._whole:
            end = min(end, self._whole, position + self.capacity)
        else:
            end, start, order = position + 1, 0, order[self._whole * self._rows :]
        last = start + end - position
        table = tf.zeros([self.capacity, len(self.facts)])
        run = self._run[self._rows_at(position)]
        counters = tf.constant(start), tf.constant(last), tf.constant(step, tf.int64)
        result: np.ndarray = run(self._data.tensors, order, table, *counters).numpy()[: end - position]
        return result

    def _rows_at(self, position: int) -> int:
        return self._rows if position < self._whole else self._rest

    def _steps_of(self, rows: int) -> Callable[..., tf.Tensor]:
        def run(
            data: Batch, order: tf.Tensor, table: tf.Tensor, start: tf.Tensor, end: tf.Tensor, step: tf.Tensor
        ) -> tf.Tensor:
            def body(index: tf.Tensor, facts: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
                chosen = tf.slice(order, [index * rows], [rows])
                batch = map_batch(lambda array: tf.gather(array, chosen), data)
                done = index - start
                row = self._step(batch, rows, step + tf.cast(done, tf.int64))
                return index + 1, tf.tensor_scatter_nd_update(facts, [[done]], [row])

            return tf.while_loop(lambda index, _: index < end, body, (start, table), parallel_iterations=1)[1]

        return run


class EvaluateLoop:
    """Evaluates over data on the device; the last batch is filled up with rows of weight zero, so there is one trace.

    Args:
        measure: takes (batch, weights) and returns the weighted sums of the losses, [columns]; updates the metrics.
        columns: their number.
        batch_size: rows of a batch, at most.
        execution: the mode.
    """

    def __init__(
        self, measure: Callable[[Batch, tf.Tensor], tf.Tensor], columns: int, batch_size: int, execution: str
    ) -> None:
        self._measure = measure
        self._columns = columns
        self._batch_size = batch_size
        self._run = _ByRows(self._batches_of, execution)

    def run(self, data: DeviceData) -> list[float]:
        """The mean losses, weighted by the samples' weights; the metrics are left in their meters."""
        rows = min(self._batch_size, data.length)
        steps = -(-data.length // rows)
        order = np.arange(steps * rows, dtype=np.int32) % data.length
        given = data.tensors["weights"]
        weights = np.ones(len(order), np.float32) if given is None else given.numpy()[order]
        weights[data.length :] = 0
        table = tf.zeros([steps, self._columns])
        sums = self._run[rows](data.tensors, tf.constant(order), tf.constant(weights), table)
        means: list[float] = (sums.numpy().sum(axis=0, dtype=np.float64) / weights.sum(dtype=np.float64)).tolist()
        return means

    def _batches_of(self, rows: int) -> Callable[..., tf.Tensor]:
        def run(data: Mapping[str, Any], order: tf.Tensor, weights: tf.Tensor, table: tf.Tensor) -> tf.Tensor:
            def body(index: tf.Tensor, sums: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
                chosen = tf.slice(order, [index * rows], [rows])
                batch = map_batch(lambda array: tf.gather(array, chosen), data)
                losses = self._measure(batch, tf.slice(weights, [index * rows], [rows]))
                return index + 1, tf.tensor_scatter_nd_update(sums, [[index]], [losses])

            steps = table.shape[0]
            start = (tf.constant(0), table)
            return tf.while_loop(lambda index, _: index < steps, body, start, parallel_iterations=1)[1]

        return run
