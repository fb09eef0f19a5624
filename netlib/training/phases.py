"""A step of several phases: players that train weights of their own, one after the other, each on batches of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import tensorflow as tf

from netlib.nn.network import Network
from netlib.spec.errors import UsageError
from netlib.spec.heads import Heads
from netlib.spec.phases import PhaseSpec
from netlib.training.added import Added
from netlib.training.batch import Batch, map_batch, row_slice
from netlib.training.loss_scale import LossScale
from netlib.training.meters import Meters
from netlib.training.mixing import Mixing
from netlib.training.objective import Objective
from netlib.training.phase_optimizers import PhaseOptimizers
from netlib.training.step import FACTS, TrainStep

_RATE, _NORM, _WEIGHT, _SKIPPED = range(len(FACTS))


class Phase(NamedTuple):
    """One player: `times` updates in a step, each as `update` does it of one batch."""

    spec: PhaseSpec
    update: TrainStep

    @property
    def times(self) -> int:
        """Updates in a step."""
        return self.spec.times


@dataclass(frozen=True)
class PhasedStep:
    """One pass over all phases, in their order. Every update takes the next of the step's batches, and draws random numbers as if
    it were a step by itself: the number of batches before it in the whole run is that step's."""

    phases: tuple[Phase, ...]
    model: Network
    optimizer: PhaseOptimizers
    meters: Meters
    added: Added
    scale: LossScale | None = None
    """None: gradients that pass through float16 are not trained in phases."""
    gated: ClassVar[bool] = False
    """A step of several updates is undone as a whole, if it is to be (`netlib.training.trouble.gate.UndoneStep`)."""

    @property
    def batches(self) -> int:
        """Of a step."""
        return sum(phase.times for phase in self.phases)

    @property
    def facts(self) -> tuple[str, ...]:
        """What is known of each step: the sum of the losses, then those of each phase, and what layers add last."""
        columns = (name for phase in self.phases for name in phase.update.objective.columns)
        return (*FACTS, "loss", *columns, *self.added.names)

    def __call__(self, batch: Batch, rows: int, step: tf.Tensor) -> tf.Tensor:
        """Updates the weights of each phase in turn, from `rows` rows (a Python number) in all.

        Returns:
            float32 [facts]: losses are the means over the batches of their phase, weighted by the samples; what layers log, over
            those of all phases; the learning rate is that of the first phase, the norm that of all gradients together, and the
            weight the sum of the samples' weights.
        """
        size, place = rows // self.batches, 0
        means = []
        for phase in self.phases:
            means.append(self._repeated(phase, batch, size, place, step))
            place += phase.times
        return self._joined(means)

    def _repeated(self, phase: Phase, batch: Batch, size: int, place: int, step: tf.Tensor) -> tf.Tensor:
        """The facts of a phase, from its batches, the first of which is the step's number `place`."""

        def update(index: Any) -> tf.Tensor:
            number = place + index
            micro = map_batch(lambda array: tf.slice(array, *row_slice(array, number * size, size)), batch)
            return phase.update(micro, size, step * self.batches + tf.cast(number, tf.int64))

        if phase.times == 1:
            return update(0)

        def add(index: tf.Tensor, sums: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return index + 1, sums + _summable(update(index))

        start = tf.constant(0), tf.zeros([len(phase.update.facts)])
        _, sums = tf.while_loop(
            lambda index, _: index < phase.times,
            add,
            start,
            parallel_iterations=1,
            maximum_iterations=phase.times,
        )
        return _mean(sums, phase.times)

    def _joined(self, found: list[tf.Tensor]) -> tf.Tensor:
        first = len(FACTS)
        weights = tf.stack([each[_WEIGHT] for each in found])
        total = tf.reduce_sum(weights)
        norm = tf.sqrt(tf.add_n([each[_NORM] ** 2 for each in found]))
        ends = [first + len(phase.update.objective.columns) for phase in self.phases]
        losses = [each[first:end] for each, end in zip(found, ends, strict=True)]
        logs = tf.stack([each[end:] for each, end in zip(found, ends, strict=True)])
        mean = tf.math.divide_no_nan(tf.linalg.matvec(logs, weights, transpose_a=True), total)
        loss = tf.add_n([each[0] for each in losses])
        return tf.concat([[found[0][_RATE], norm, total, 0.0, loss], *losses, mean], axis=0)


def phased_step(
    model: Network,
    heads: Heads,
    optimizer: PhaseOptimizers,
    meters: Meters,
    batch_size: int,
    seed: int,
    *,
    added: Added,
    mixing: Mixing | None,
) -> PhasedStep:
    """The step of a built model that is trained in phases.

    Raises:
        UsageError: a phase has nothing to train.
    """

    def update(spec: PhaseSpec) -> TrainStep:
        only = optimizer.trained(model, spec.called)
        if not only:
            raise UsageError(
                f"phase '{spec.called}' has nothing to train: all that {', '.join(spec.trains)} fits is frozen"
            )
        objective = Objective(heads, spec.called)
        own = optimizer[spec.called]
        return TrainStep(model, objective, own, meters, batch_size, 1, spec.clip, seed, added, mixing, only=only)

    phases = tuple(Phase(spec, update(spec)) for spec in optimizer.phases.specs)
    return PhasedStep(phases, model, optimizer, meters, added)


def _summable(facts: tf.Tensor) -> tf.Tensor:
    """The facts of an update in a form of which sums can be made: losses times the weight, the norm squared."""
    weight = facts[_WEIGHT]
    return tf.concat([[facts[_RATE], facts[_NORM] ** 2, weight, 0.0], facts[len(FACTS) :] * weight], axis=0)


def _mean(sums: tf.Tensor, times: int) -> tf.Tensor:
    weight = sums[_WEIGHT]
    losses = tf.math.divide_no_nan(sums[len(FACTS) :], weight)
    return tf.concat([[sums[_RATE] / times, tf.sqrt(sums[_NORM]), weight, 0.0], losses], axis=0)
