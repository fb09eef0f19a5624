"""The evaluation of many batches on the device in one call; a long one returns to Python a few times a second."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import tensorflow as tf

from netlib.training.batch import Batch, map_batch
from netlib.training.captured import Guard
from netlib.training.loop import ByRows, DeviceData, form_of
from netlib.training.pace import Pace
from netlib.training.replicas import ALONE, Replicas
from netlib.training.waiting import Poll, no_poll


class EvaluateLoop:
    """Evaluates over data on the device.

    The sums of each batch are kept apart and added on the host in the order of the batches, so that it does not matter to a bit
    how many batches are evaluated in one call. The number is not compiled in.

    Args:
        measure: takes (batch, weights, place of the first row among all samples) and returns the weighted sums of the losses,
            [columns]; updates the metrics.
        columns: their number.
        batch_size: rows of a batch, at most.
        execution: the mode.
        guard: checks what is compiled.
        pads: whether the last batch is filled up with rows of weight zero, so that there is one trace. Where rows depend on each
            other that would change what is measured of the real ones: the smaller batch then has a trace of its own.
        replicas: each of which measures its rows of every batch; `measure` adds up what all have.
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
        replicas: Replicas = ALONE,
    ) -> None:
        self.pads = pads
        self._measure = measure
        self._replicas = replicas
        self._columns = columns
        self._batch_size = batch_size
        self._run = ByRows(self._batches_of, execution if replicas.count == 1 else "graph", guard)
        self._pace = Pace(sys.maxsize)
        self._forms: set[tuple[object, ...]] = set()

    def run(self, pieces: Iterable[DeviceData], poll: Poll = no_poll) -> tuple[list[float], float]:
        """The mean losses, weighted by the samples' weights, and the sum of these; the metrics are left in their meters.

        Where the sum is 0 the means are NaN. `poll` is called a few times a second, between two batches; what it raises ends the
        evaluation.
        """
        sums, total, first = [], 0.0, 0
        for piece in pieces:
            for rows, order, end in self._parts(piece):
                losses, weight = self._sums(piece, rows, order, end, first, poll)
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

    def _sums(
        self, data: DeviceData, rows: int, places: np.ndarray, end: int, first: int, poll: Poll
    ) -> tuple[np.ndarray, float]:
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
        parts = data.tensors, tf.constant(order), tf.constant(weights)
        first_row = tf.constant(first + int(places[0]), tf.int64)
        done = 0
        while done < steps:
            done, table = self._chunk(rows, parts, table, done, steps, first_row)
            poll()
        return table.numpy()[:steps], float(weights.sum(dtype=np.float64))

    def _chunk(
        self,
        rows: int,
        parts: tuple[Batch, tf.Tensor, tf.Tensor],
        table: tf.Tensor,
        done: int,
        steps: int,
        first: tf.Tensor,
    ) -> tuple[int, tf.Tensor]:
        """Evaluates as many batches behind the first `done` as take a moment; one, if they have to be compiled first."""
        form = rows, form_of(parts)
        compiles = form not in self._forms
        end = min(steps, done + (1 if compiles else self._pace.length))
        began = time.perf_counter()
        with self._replicas.watched():
            reached, table = self._run[rows](*parts, table, tf.constant(done), tf.constant(end), first)
            reached.numpy()  # the device may compute still
        self._forms.add(form)
        if not compiles:
            (seconds,) = self._replicas.agreed([time.perf_counter() - began])
            self._pace.took(end - done, seconds)
        return end, table

    def _batches_of(self, rows: int) -> Callable[..., tuple[tf.Tensor, tf.Tensor]]:
        def run(
            data: Batch,
            order: tf.Tensor,
            weights: tf.Tensor,
            table: tf.Tensor,
            start: tf.Tensor,
            end: tf.Tensor,
            first: tf.Tensor,
        ) -> tuple[tf.Tensor, tf.Tensor]:
            def one(index: tf.Tensor) -> tf.Tensor:
                part = self._replicas.part(rows)
                begin = index * rows + part.start if part.start else index * rows
                chosen = tf.slice(order, [begin], [part.length])
                with self._replicas.holding():
                    batch = map_batch(lambda array: tf.gather(array, chosen), data)
                counted = tf.slice(weights, [begin], [part.length])
                counted = counted if part.real else tf.zeros_like(counted)
                return self._measure(batch, counted, first + tf.cast(begin, tf.int64))

            def body(index: tf.Tensor, sums: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
                losses = self._replicas.run(lambda: one(index))
                return index + 1, tf.tensor_scatter_nd_update(sums, [[index]], [losses])

            found: tuple[tf.Tensor, tf.Tensor] = tf.while_loop(
                lambda index, _: index < end, body, (start, table), parallel_iterations=1
            )
            return found

        return run
