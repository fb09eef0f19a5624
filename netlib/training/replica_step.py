"""A step of one replica of several: it learns from its own rows, adds what it has learned to what the others have, and makes the
same update as all of them.

In XLA learning and updating are compiled by themselves, for the sum over the replicas stands between them. Nothing that a replica
keeps is changed before the sum is there: a replica that loses the others is where its last whole step has left it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import tensorflow as tf

from netlib.nn.replicas import synchronized
from netlib.training.batch import Batch
from netlib.training.meters import Meters
from netlib.training.optimizer_state import update_alone
from netlib.training.replicas import Part, Replicas
from netlib.training.step import TrainStep
from netlib.training.trouble.gate import Copies

Measure = Callable[[Batch, tf.Tensor, tf.Tensor], tf.Tensor]


class CountedApart:
    """Lets a function count a batch from zero, and gives variables what they were afterwards; then what all replicas have counted
    can be added to it.

    Args:
        states: what a forward pass changes: the mean over the replicas is kept, of whole numbers what each one has.
        counters: of metrics, which begin at zero; those of all replicas are added up.
    """

    def __init__(self, states: Sequence[tf.Variable], counters: Sequence[tf.Variable]) -> None:
        self._counters = counters
        self._averaged = [each for each in states if each.dtype.is_floating]
        self._own = [each for each in states if not each.dtype.is_floating]

    @property
    def length(self) -> int:
        """Of what `run` puts behind that which the function returns."""
        return len(self._averaged) + len(self._counters)

    def run(self, function: Callable[[], Sequence[tf.Tensor]], part: Part) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
        """What is to be added up over the replicas, that which the function returns first; and what each has for itself."""
        before = Copies([*self._averaged, *self._own, *self._counters])
        for counter in self._counters:
            counter.assign(tf.zeros_like(counter))
        found = list(function())
        # What is counted in one batch fits float32, and so travels in the message of the gradients: a second one takes as long.
        kind = tf.float64 if any(each.dtype == tf.float64 for each in found) else tf.float32
        found += [*map(tf.identity, self._averaged), *(tf.cast(each, kind) for each in self._counters)]
        own = [tf.identity(each) for each in self._own]
        before.take_back()
        return found if part.real else [tf.zeros_like(each) for each in found], own

    def take(self, summed: Sequence[tf.Tensor], own: Sequence[tf.Tensor], replicas: int) -> None:
        """Sets states and counters from the sums of so many replicas, which are the last of `summed`."""
        counted = len(self._counters)
        averaged = summed[len(summed) - self.length : len(summed) - counted]
        for variable, total in zip(self._averaged, averaged, strict=True):
            variable.assign(total / tf.cast(replicas, total.dtype))
        for variable, value in zip(self._own, own, strict=True):
            variable.assign(value)
        for counter, total in zip(self._counters, summed[len(summed) - counted :], strict=True):
            counter.assign_add(tf.cast(total, counter.dtype))


class ReplicaStep:
    """Does what a `TrainStep` does, with the rows of one replica of several.

    Args:
        step: how it learns and updates; its batches are those of a replica.
        replicas: all of them.
        compiled: whether XLA compiles it.
    """

    def __init__(self, step: TrainStep, replicas: Replicas, *, compiled: bool) -> None:
        self.plain = step
        self.facts = step.facts
        self.added = step.added
        self.model = step.model
        self.optimizer = step.optimizer
        self.meters = step.meters
        self.scale = step.scale
        self.gated = step.gated
        self._replicas = replicas
        self._compiled = compiled

    def __call__(self, batch: Batch, rows: int, step: tf.Tensor) -> tf.Tensor:
        """As `TrainStep`, of a step of `rows` rows in all, of which the batch has those of this replica."""
        part = self._replicas.part(rows)
        apart = self._counted()
        found, own = run_compiled(lambda: self._learned(batch, part, step, apart), compiled=self._compiled)
        summed = self._replicas.sums(found)
        replicas = min(self._replicas.count, rows)
        # Of a counter of steps, or a decay, TensorFlow would not see that it has to wait.
        with tf.control_dependencies(summed):
            update = partial(self._updated, summed, own, replicas, apart)
            facts: tf.Tensor = run_compiled(update, compiled=self._compiled)
        return facts

    def _counted(self) -> CountedApart:
        states = [each for each in self.model.variables if not each.trainable]
        return CountedApart(states, list(self.meters.named_variables().values()))

    def _learned(
        self, batch: Batch, part: Part, step: tf.Tensor, apart: CountedApart
    ) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
        """The sums that `TrainStep.joined` takes, then statistics and counters."""

        def learn() -> list[tf.Tensor]:
            with self._statistics(part):
                return self.plain.sums(batch, part.length, step, part.start)

        return apart.run(learn, part)

    def _updated(
        self, summed: Sequence[tf.Tensor], own: Sequence[tf.Tensor], replicas: int, apart: CountedApart
    ) -> tf.Tensor:
        before = Copies(self.plain.counted()) if self.gated else None
        apart.take(summed, own, replicas)
        for name in self.optimizer.names:
            update_alone(self.optimizer[name])
        return self.plain.updated(*self.plain.joined(summed[: len(summed) - apart.length]), before)

    def _statistics(self, part: Part) -> AbstractContextManager[Any]:
        replicas = self._replicas
        return synchronized(replicas.sums, float(part.real)) if replicas.synchronized else nullcontext()


class ReplicaMeasure:
    """What an evaluation measures of a batch, by one replica of several; arguments and result as of `EvaluateLoop`'s `measure`.

    Args:
        measure: of the rows of one replica.
        meters: in which it counts.
        replicas: all of them.
        compiled: whether XLA compiles it.
    """

    def __init__(self, measure: Measure, meters: Meters, replicas: Replicas, *, compiled: bool) -> None:
        self._measure = measure
        self._meters = meters
        self._replicas = replicas
        self._compiled = compiled

    def __call__(self, batch: Batch, weights: tf.Tensor, first_row: tf.Tensor) -> tf.Tensor:
        """The sums of the losses over the rows of all replicas; their counters have counted all."""
        apart = CountedApart([], list(self._meters.named_variables().values()))
        # A row that stands in for one that is not there has no weight, as those by which the last batch is filled up.
        part = Part(0, weights.shape[0])
        found, own = run_compiled(
            lambda: apart.run(lambda: [self._measure(batch, weights, first_row)], part), compiled=self._compiled
        )
        summed = self._replicas.sums(found)
        apart.take(summed, own, self._replicas.count)
        return summed[0]


def run_compiled(function: Callable[[], Any], *, compiled: bool) -> Any:
    """Runs it, compiled by XLA or not."""
    return tf.function(function, jit_compile=True, autograph=False)() if compiled else function()
