"""The loop on the device: many steps, or the evaluation of many batches, in one call.

Python hands over a block of samples and two numbers, and gets back one row of facts for each step. `while` runs on tensors, not
on a `tf.range`, whose ends would be compiled in; shapes are static, so a smaller batch has a trace of its own, made when it is
first reached.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from netlib.data.arrays import Arrays
from netlib.training.captured import Guard
from netlib.training.phases import PhasedStep
from netlib.training.step import Batch, TrainStep, map_batch

CAPACITY = 4096
"""Steps in a call at most: the length of the table of facts that it fills."""

Make = Callable[[int], Callable[..., Any]]


class DeviceData:
    """Arrays put on the device: `inputs` and `targets` by name, `weights` or None.

    The first `length` rows are samples (all of them unless it is said); what is behind fills the arrays up to a length that is
    compiled already.
    """

    def __init__(self, arrays: Arrays, length: int | None = None) -> None:
        self.length = len(arrays) if length is None else length
        self.samples: int | None = self.length
        self.tensors: dict[str, Any] = {
            "inputs": {name: tf.constant(array) for name, array in arrays.inputs.items()},
            "targets": {name: tf.constant(array) for name, array in arrays.targets.items()},
            "weights": None if arrays.weights is None else tf.constant(arrays.weights),
        }

    def pieces(self, *, joined: bool = True) -> Iterator[DeviceData]:
        """What an evaluation takes one after the other: all of it at once."""
        del joined  # it is no stream of batches
        yield self


@dataclass(frozen=True)
class Block:
    """Steps of an epoch, from `first` to `end`, whose samples are on the device: each takes the next `rows` rows in the order.

    `order` is int32 and may be longer than the steps need: its length is compiled in. The rows of `offset` steps are in front of
    those of the first.
    """

    tensors: Mapping[str, Any]
    order: tf.Tensor
    rows: int
    first: int
    end: int
    offset: int = 0

    @property
    def capacity(self) -> int:
        """Steps in a call at most."""
        return min(CAPACITY, int(self.order.shape[0]) // self.rows)

    @property
    def form(self) -> tuple[Any, ...]:
        """What is compiled in: names, shapes and dtypes."""
        tensors = {**self.tensors, "order": self.order}
        return self.rows, str(tf.nest.map_structure(lambda each: each is None or (each.shape, each.dtype), tensors))


class ByRows:
    """A compiled function for each number of rows in a batch, made when it is first asked for."""

    def __init__(self, make: Make, execution: str, guard: Guard) -> None:
        self._make = make
        self._execution = execution
        self._guard = guard
        self._made: dict[int, Callable[..., Any]] = {}

    def __getitem__(self, rows: int) -> Callable[..., Any]:
        if rows not in self._made:
            self._made[rows] = self._guard.compiled(self._make(rows), self._execution)
        return self._made[rows]


class TrainLoop:
    """Runs steps over blocks of samples. What is compiled serves all blocks of one form.

    `callbacks` are those whose variables a step may use, if they have any; `take` sets them.
    """

    callbacks: Collection[Any] = ()

    def __init__(self, step: TrainStep | PhasedStep, execution: str) -> None:
        self.facts = step.facts
        self.added = step.added.names
        self._step = step
        self._execution = execution
        self._hooks: tuple[Any, ...] = ()
        self._run = ByRows(self._steps_of, execution, self._guard(step))
        self._forms: set[tuple[Any, ...]] = set()

    def take(self, callbacks: Collection[Any]) -> None:
        """From now on the callbacks' device hooks run after each update; where they are others, steps are compiled anew."""
        self.callbacks = callbacks
        hooks = tuple(hook for callback in callbacks if (hook := callback.device_hook()))
        if hooks != self._hooks:
            self._hooks = hooks
            self._run = ByRows(self._steps_of, self._execution, self._guard(self._step))
            self._forms = set()

    def compiles(self, block: Block) -> bool:
        """Whether steps of the block have to be compiled first."""
        return block.form not in self._forms

    def run(self, block: Block, position: int, end: int, step: int) -> np.ndarray:
        """Runs the steps `position` to `end` of the epoch, which must lie in the block; stops sooner at its capacity.

        Args:
            block: the samples.
            position: steps of this epoch that are done.
            end: wanted position afterwards.
            step: steps done in the whole run.

        Returns:
            float32 [steps run, facts]: the columns are `facts`.
        """
        end = min(end, block.end, position + block.capacity)
        table = tf.zeros([block.capacity, len(self.facts)])
        before = block.first - block.offset
        counters = tf.constant(position - before), tf.constant(end - before), tf.constant(step, tf.int64)
        run = self._run[block.rows]
        result: np.ndarray = run(block.tensors, block.order, table, *counters).numpy()[: end - position]
        self._forms.add(block.form)
        return result

    def _updated(self, step: tf.Tensor, facts: tf.Tensor) -> None:
        """Runs the callbacks' hooks, unless the step was skipped, which is no update."""

        def run() -> tf.Tensor:
            for hook in self._hooks:
                hook(step)
            return tf.constant(True)

        if self._hooks and self._step.scale is not None:
            tf.cond(facts[self.facts.index("skipped")] > 0, lambda: tf.constant(False), run)
        else:
            run()

    def _guard(self, step: TrainStep | PhasedStep) -> Guard:
        meters = step.meters
        return Guard(
            "the training step",
            step.model,
            lambda: step.optimizer.variables,
            lambda: meters.named_variables().values(),
            lambda: step.scale.named_variables().values() if step.scale else (),
            lambda: (each for callback in self.callbacks for each in callback.variables().values()),
        )

    def _steps_of(self, rows: int) -> Callable[..., tf.Tensor]:
        def run(
            data: Batch, order: tf.Tensor, table: tf.Tensor, start: tf.Tensor, end: tf.Tensor, step: tf.Tensor
        ) -> tf.Tensor:
            def body(index: tf.Tensor, facts: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
                chosen = tf.slice(order, [index * rows], [rows])
                batch = map_batch(lambda array: tf.gather(array, chosen), data)
                done = index - start
                row = self._step(batch, rows, step + tf.cast(done, tf.int64))
                self._updated(step + tf.cast(done, tf.int64), row)
                return index + 1, tf.tensor_scatter_nd_update(facts, [[done]], [row])

            return tf.while_loop(lambda index, _: index < end, body, (start, table), parallel_iterations=1)[1]

        return run


class EvaluateLoop:
    """Evaluates over data on the device.

    Args:
        measure: takes (batch, weights, place of the first row among all samples) and returns the weighted sums of the losses,
            [columns]; updates the metrics.
        columns: their number.
        batch_size: rows of a batch, at most.
        execution: the mode.
        guard: checks what is compiled.
        pads: whether the last batch is filled up with rows of weight zero, so that there is one trace. Where rows depend on each
            other that would change what is measured of the real ones: the smaller batch then has a trace of its own.
    """

    def __init__(
        self,
        measure: Callable[[Batch, tf.Tensor, tf.Tensor], tf.Tensor],
        columns: int,
        batch_size: int,
        execution: str,
        guard: Guard,
        *,
        pads: bool = True,
    ) -> None:
        self.pads = pads
        self._measure = measure
        self._columns = columns
        self._batch_size = batch_size
        self._run = ByRows(self._batches_of, execution, guard)

    def run(self, pieces: Iterable[DeviceData]) -> tuple[list[float], float]:
        """The mean losses, weighted by the samples' weights, and the sum of these; the metrics are left in their meters.

        Where the sum is 0 the means are NaN.
        """
        sums, total, first = [], 0.0, 0
        for piece in pieces:
            for rows, order, end in self._parts(piece):
                losses, weight = self._sums(piece, rows, order, end, first)
                sums.append(losses)
                total += weight
            first += piece.length
        joined = np.concatenate(sums).sum(axis=0, dtype=np.float64)
        means: list[float] = (joined / total if total else np.full_like(joined, np.nan)).tolist()
        return means, total

    def _parts(self, data: DeviceData) -> Iterator[tuple[int, np.ndarray, int]]:
        """Batches of one size: their rows, the places of all rows, and where the samples among these end.

        There may be more places than samples: their number is compiled in.
        """
        slots = len(tf.nest.flatten(data.tensors["inputs"])[0])
        rows = min(self._batch_size, slots)
        whole = data.length // rows * rows
        if self.pads or whole == data.length:
            yield rows, np.arange(-(-slots // rows) * rows, dtype=np.int32), data.length
            return
        if whole:
            yield rows, np.arange(slots // rows * rows, dtype=np.int32), whole
        yield data.length - whole, np.arange(whole, data.length, dtype=np.int32), data.length

    def _sums(self, data: DeviceData, rows: int, places: np.ndarray, end: int, first: int) -> tuple[np.ndarray, float]:
        """Weighted sums of the losses of each batch, [batches, columns], and the sum of the weights.

        `first` is the place of the data's first row among all samples.
        """
        samples = places < end
        steps = -(-int(samples.sum()) // rows)
        order = places % data.length
        given = data.tensors["weights"]
        weights = np.ones(len(order), np.float32) if given is None else given.numpy()[order]
        weights *= samples
        table = tf.zeros([len(order) // rows, self._columns])
        counters = tf.constant(steps), tf.constant(first + int(places[0]), tf.int64)
        sums = self._run[rows](data.tensors, tf.constant(order), tf.constant(weights), table, *counters)
        return sums.numpy()[:steps], float(weights.sum(dtype=np.float64))

    def _batches_of(self, rows: int) -> Callable[..., tf.Tensor]:
        def run(
            data: Batch, order: tf.Tensor, weights: tf.Tensor, table: tf.Tensor, steps: tf.Tensor, first: tf.Tensor
        ) -> tf.Tensor:
            def body(index: tf.Tensor, sums: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
                chosen = tf.slice(order, [index * rows], [rows])
                batch = map_batch(lambda array: tf.gather(array, chosen), data)
                first_row = first + tf.cast(index * rows, tf.int64)
                losses = self._measure(batch, tf.slice(weights, [index * rows], [rows]), first_row)
                return index + 1, tf.tensor_scatter_nd_update(sums, [[index]], [losses])

            start = (tf.constant(0), table)
            return tf.while_loop(lambda index, _: index < steps, body, start, parallel_iterations=1)[1]

        return run
