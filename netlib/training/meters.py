"""The metrics of a training or an evaluation, counted on the device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from netlib.nn.keras_objects import make_metric
from netlib.spec.computed import BoundCompute, Derivative
from netlib.spec.heads import BoundMetric, Heads
from netlib.spec.tensors import TensorSpec
from netlib.training.computed import ComputedMeter
from netlib.training.heads import encoded, linked
from netlib.training.objective import Tensors
from netlib.training.rows import place_weights


class Meters:
    """Keras's metrics, each of which sees its output, linked or not, and its target in the form that it takes; and computed ones.

    `outputs` are the network's, by name. They are needed at once, for counters that are made when they are first used would not
    be in a checkpoint.
    """

    def __init__(self, heads: Heads, outputs: Mapping[str, TensorSpec]) -> None:
        self._meters = [(bound, _meter(bound, outputs)) for bound in heads.all_metrics]

    @property
    def derivatives(self) -> tuple[Derivative, ...]:
        """What `outputs` must have besides the network's."""
        computed = (bound for bound, _ in self._meters if isinstance(bound, BoundCompute))
        return tuple(each for bound in computed for each in bound.derivatives)

    def update(self, outputs: Tensors, targets: Tensors, weights: Any, masks: Tensors | None = None) -> None:
        """Counts a batch; `weights` is None or [rows]. Of an output with a mask (by output) only the real places count."""
        for bound, metric in self._meters:
            if isinstance(bound, BoundCompute):
                metric.update_state(outputs, targets, weights, masks or {})
                continue
            output = outputs[bound.output]
            target = encoded(targets[bound.target], output, bound.spec.target)
            if bound.spec.takes == "linked output" and bound.loss:
                output = linked(output, bound.loss.link)
            metric.update_state(target, output, sample_weight=_spread(weights, output, (masks or {}).get(bound.output)))

    def results(self) -> dict[str, float]:
        """The value of each metric by name."""
        return {bound.name: float(metric.result()) for bound, metric in self._meters}

    def reset(self) -> None:
        """Begins anew."""
        for _, metric in self._meters:
            metric.reset_state()

    def named_variables(self) -> dict[str, tf.Variable]:
        """The counters, as `accuracy.0.total`."""
        return {
            f"{bound.name}.{index}.{variable.name}": variable.value
            for bound, metric in self._meters
            for index, variable in enumerate(metric.variables)
        }


def _meter(bound: BoundMetric | BoundCompute, outputs: Mapping[str, TensorSpec]) -> Any:
    if isinstance(bound, BoundCompute):
        return ComputedMeter(bound)
    return make_metric(bound.spec, bound.loss, outputs[bound.output].shape[-1])


def _spread(weights: Any, output: tf.Tensor, mask: Any) -> Any:
    """The samples' weights in the output's shape without its last axis: Keras would take the batch for another axis."""
    if mask is not None:
        return _spread_places(weights, output, mask)
    if weights is None or output.shape.rank <= 2:
        return weights
    column = tf.reshape(weights, [-1, *[1] * (output.shape.rank - 2)])
    return tf.broadcast_to(column, tf.shape(output)[:-1])


def _spread_places(weights: Any, output: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """The same for places [rows, time], of which only the real ones count."""
    places = place_weights(mask, weights)
    further = [1] * (output.shape.rank - 3)
    return tf.broadcast_to(tf.reshape(places, [*tf.unstack(tf.shape(mask)), *further]), tf.shape(output)[:-1])
