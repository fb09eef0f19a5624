"""What losses and metrics that are functions of a user's compute."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from netlib.nn.users_code import users_code
from netlib.spec.base import shown
from netlib.spec.errors import NetlabError
from netlib.spec.plugins.origin import Origin
from netlib.spec.plugins.terms import PluginLoss, PluginMetric
from netlib.spec.tensors import show


def plugin_loss(spec: PluginLoss) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """The function, of target and output, as a loss of Keras's without a reduction: (batch, ...)."""
    return lambda target, output: _values(spec, target, output)


class PluginMean(keras.metrics.Mean):
    """The weighted mean of what a user's metric returns.

    A weight stands for all entries of its place, or of its sample; a sample with one value, whose output has places, weighs as
    much as these have on average.
    """

    def __init__(self, spec: PluginMetric, **options: Any) -> None:
        super().__init__(name=spec.type_name(), **options)
        self._spec = spec

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Counts a batch; weights are (batch, ...), with a value for each place of the output."""
        values = tf.cast(_values(self._spec, y_true, y_pred), tf.float64)
        rank = values.shape.rank
        if sample_weight is not None:
            weights = tf.cast(sample_weight, tf.float64)
            places = weights.shape.rank
            values = tf.reduce_mean(values, axis=tuple(range(places, rank)))
            sample_weight = tf.reduce_mean(weights, axis=tuple(range(values.shape.rank, places)))
        super().update_state(values, sample_weight)


def _values(spec: PluginLoss | PluginMetric, target: tf.Tensor, output: tf.Tensor) -> tf.Tensor:
    """What the function returns, a tensor with a value for each sample or entry.

    Raises:
        NetlabError: it raised something, or returned something else.
    """
    origin = spec.written.origin
    with users_code(origin):
        returned = spec.written(spec, target, output)
    return _checked(returned, output, origin)


def _checked(returned: Any, output: tf.Tensor, origin: Origin) -> tf.Tensor:
    expected = f"must return a value for each sample, or for each entry of the output {_shape(output, output)}"
    if not tf.is_tensor(returned) or not returned.dtype.is_floating:
        got = f"a tensor of {returned.dtype.name}" if tf.is_tensor(returned) else shown(returned)
        raise NetlabError(f"{origin} {expected}, as a tensor of floating-point numbers; it returned {got}")
    if returned.shape.rank == 0:
        raise NetlabError(
            f"{origin} {expected}; it returned one number for all: leave the mean over the batch to netlab"
        )
    if not output.shape[: returned.shape.rank].is_compatible_with(returned.shape):
        raise NetlabError(f"{origin} {expected}; it returned {_shape(returned, output)}")
    return returned


def _shape(tensor: tf.Tensor, output: tf.Tensor) -> str:
    """As messages show it, the batch left open where it is the output's."""
    first, *others = tensor.shape
    return show((None if first == output.shape[0] else first, *others))
