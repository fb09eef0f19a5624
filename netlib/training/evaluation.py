"""Evaluation: the loss and the metrics of a model over a split."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Protocol

import tensorflow as tf

from netlib.nn.derivatives import differentiated
from netlib.nn.network import Network
from netlib.spec.heads import Heads
from netlib.training.added import added_by
from netlib.training.batch import Batch, targets_of
from netlib.training.captured import Guard
from netlib.training.evaluate_loop import EvaluateLoop
from netlib.training.inference import couples_rows, inference_pass
from netlib.training.kept_states import KeptStates
from netlib.training.loop import DeviceData
from netlib.training.meters import Meters
from netlib.training.objective import need_loss, objective_of
from netlib.training.replica_step import ReplicaMeasure
from netlib.training.replicas import ALONE, Replicas
from netlib.training.waiting import Poll, no_poll


class Measured(Protocol):
    """Samples to evaluate on, which reach the device in one piece or in several; how many, None where that is not known."""

    samples: int | None

    def pieces(self, *, joined: bool = True, poll: Poll = no_poll) -> Iterator[DeviceData]:
        """All of them, from the beginning; where there are batches already, and they are not to be `joined`, each by itself.

        `poll` is called a few times a second while they are read by another thread, and may end that.
        """
        ...


class Evaluator:
    """Measures a model; what is compiled serves any data of the same form.

    Where samples depend on the others of their batch, or something is added for a whole batch, the last batch is not filled up:
    it would be another one.
    """

    def __init__(
        self, model: Network, heads: Heads, batch_size: int, execution: str, replicas: Replicas = ALONE
    ) -> None:
        self._model = model
        self._states = KeptStates(model)
        self._objective = objective_of(heads)
        self._meters = Meters(heads, model.graph.output_tensors())
        taken = (*self._objective.columns, *(bound.name for bound in heads.all_metrics))
        self._added = added_by(model, training=False, taken=taken)
        self.added = self._added.names
        self._columns = (*self._objective.columns, *self.added)
        coupled = heads.couples_rows or bool(self._added) or couples_rows(model)
        guard = Guard("evaluation", model, lambda: self._meters.named_variables().values(), replicas=replicas)
        measure = self._measure
        if replicas.count > 1:
            measure = ReplicaMeasure(self._measure, self._meters, replicas, compiled=execution == "xla")
        self._loop = EvaluateLoop(
            measure, len(self._columns), batch_size, execution, guard, pads=not coupled, replicas=replicas
        )

    def run(self, data: Measured, poll: Poll = no_poll) -> dict[str, float]:
        """`loss`, with what layers add to it, each of several losses, what layers log, and every metric by name.

        All are NaN where the weights of the samples are all 0. Layers that keep a state begin at zero, and have their own again
        afterwards.

        `poll` is called a few times a second, between two batches; what it raises ends the evaluation. While it is called the
        layers have their own states, and the weights are those that are measured.
        """
        self._meters.reset()
        with self._states.anew() as outside:
            polled = outside(poll)
            means, weight = self._loop.run(data.pieces(joined=self._loop.pads, poll=polled), polled)
        losses = dict(zip(self._columns, means, strict=True))
        penalties = sum(float(penalty) for penalty in self._model.penalties)
        for name, share in zip(self._objective.columns, self._objective.additions, strict=True):
            losses[name] += share * penalties
        metrics = self._meters.results()
        return {**losses, **(metrics if weight else dict.fromkeys(metrics, math.nan))}

    def _measure(self, batch: Batch, weights: tf.Tensor, first_row: tf.Tensor) -> tf.Tensor:
        with inference_pass(self._model, first_row):
            derivatives = (*self._objective.derivatives, *self._meters.derivatives)
            outputs = differentiated(self._model, batch["inputs"], derivatives)
        need_loss(self._objective, self._model)
        masks = self._model.output_masks
        targets = targets_of(batch)
        self._meters.update(outputs, targets, weights, masks)
        losses = tf.reduce_sum(self._objective.rows(outputs, targets, weights, masks) * weights, axis=1)
        total = tf.reduce_sum(weights)
        added = tf.add_n([tf.zeros([]), *self._model.added_losses]) * total
        return tf.concat([losses + added * self._objective.additions, self._added.values(self._model) * total], axis=0)
