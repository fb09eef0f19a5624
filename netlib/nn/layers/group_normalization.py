"""Layers that normalise each sample's channels in groups: GroupNormalization, InstanceNormalization."""

from __future__ import annotations

from typing import Any, TypeVar

import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.spec.layers import group_normalization as spec

SpecType = TypeVar("SpecType", bound=spec.GroupedSpec)


class Grouped(Layer[SpecType]):
    """Base of both. Computes in float32 at least."""

    gamma: tf.Variable | None = None
    beta: tf.Variable | None = None

    def call(self, inputs: tf.Tensor, mask: Any = None) -> tf.Tensor:
        """The same shape. Places that the mask leaves out are normalised, but do not count in the statistics."""
        shape = tuple(inputs.shape)
        axis, groups = self.spec.channel_axis(shape), self.spec.group_count(shape)
        parted = _parted(self.widened(inputs), axis, groups)
        axes = [each for each in range(1, len(shape) + 1) if each != axis]
        mean, variance = _moments(parted, axes, None if mask is None else _weights(mask, parted, axis, groups))
        lengths = [1] * len(axes) + [1, 1]
        lengths[axis : axis + 2] = groups, shape[axis] // groups
        gamma, beta = (None if weight is None else tf.reshape(weight, lengths) for weight in (self.gamma, self.beta))
        outputs = tf.nn.batch_normalization(parted, mean, variance, beta, gamma, self.spec.epsilon)
        return self.cast(tf.ensure_shape(tf.reshape(outputs, tf.shape(inputs)), shape))


class GroupNormalization(Grouped[spec.GroupNormalization]):
    """Normalises each group of channels of each sample by itself."""


class InstanceNormalization(Grouped[spec.InstanceNormalization]):
    """Normalises each channel of each sample by itself."""


def _parted(values: tf.Tensor, axis: int, groups: int) -> tf.Tensor:
    """With the channels' axis as two: groups, and the channels of one."""
    length, sizes = values.shape[axis], tf.shape(values)
    return tf.reshape(values, tf.concat([sizes[:axis], [groups, length // groups], sizes[axis + 1 :]], 0))


def _weights(mask: tf.Tensor, parted: tf.Tensor, axis: int, groups: int) -> tf.Tensor:
    """1 for each place that counts and 0 for the others, to be multiplied with what is parted."""
    weights = tf.cast(mask, parted.dtype)
    masked = weights.shape.rank
    weights = weights[(..., *[None] * (parted.shape.rank - 1 - masked))]
    return _parted(weights, axis, groups) if axis < masked else tf.expand_dims(weights, axis)


def _moments(values: tf.Tensor, axes: list[int], weights: tf.Tensor | None) -> tuple[tf.Tensor, tf.Tensor]:
    if weights is None:
        return tf.nn.moments(values, axes, keepdims=True)  # type: ignore[no-any-return]
    weights = tf.broadcast_to(weights, tf.shape(values))
    # Where no place counts, that must not come to 0 / 0.
    count = tf.maximum(tf.reduce_sum(weights, axes, keepdims=True), 1.0)
    mean = tf.reduce_sum(weights * values, axes, keepdims=True) / count
    return mean, tf.reduce_sum(weights * tf.math.squared_difference(values, mean), axes, keepdims=True) / count
