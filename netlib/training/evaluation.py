"""Evaluation: the loss and the metrics of a model over a split."""

from __future__ import annotations

import tensorflow as tf

from netlib.nn.network import Network
from netlib.spec.heads import Heads
from netlib.training.loop import DeviceData, EvaluateLoop
from netlib.training.meters import Meters
from netlib.training.objective import Objective
from netlib.training.step import Batch, targets_of


class Evaluator:
    """Measures a model; what is compiled serves any data of the same form."""

    def __init__(self, model: Network, heads: Heads, batch_size: int, execution: str) -> None:
        self._model = model
        self._objective = Objective(heads)
        self._meters = Meters(heads, model.graph.output_tensors())
        self._loop = EvaluateLoop(self._measure, len(self._objective.columns), batch_size, execution)

    def run(self, data: DeviceData) -> dict[str, float]:
        """`loss`, with the penalties of regularised weights, each of several losses, and every metric by name."""
        self._meters.reset()
        losses = dict(zip(self._objective.columns, self._loop.run(data), strict=True))
        losses["loss"] += sum(float(penalty) for penalty in self._model.losses)
        return {**losses, **self._meters.results()}

    def _measure(self, batch: Batch, weights: tf.Tensor) -> tf.Tensor:
        outputs = self._model.call(batch["inputs"], training=False)
        targets = targets_of(batch)
        self._meters.update(outputs, targets, weights)
        return tf.reduce_sum(self._objective.rows(outputs, targets) * weights, axis=1)
