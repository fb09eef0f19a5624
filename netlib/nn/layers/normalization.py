"""Layers that bring values to mean 0 and variance 1: BatchNormalization, LayerNormalization."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.nn.replicas import is_synchronized, replica_sums, row_share
from netlib.spec.layers import normalization as spec

# The fused kernel on a GPU raises a smaller epsilon to this without a word.
LEAST_FUSED_EPSILON = 1.001e-5


class BatchNormalization(Layer[spec.BatchNormalization]):
    """Normalises with the batch's statistics in training, with their moving averages otherwise and when frozen.

    Computes in float32 at least. Places that the mask leaves out do not count in the statistics. Where replicas are synchronised
    (`netlib.nn.replicas`) these are of the rows of all of them.
    """

    gamma: tf.Variable | None = None
    beta: tf.Variable | None = None
    moving_mean: tf.Variable
    moving_variance: tf.Variable

    def call(self, inputs: tf.Tensor, training: Any = False, mask: Any = None) -> tf.Tensor:
        """The same shape. Updates the moving averages in training, unless frozen."""
        wide = self.widened(inputs)
        if not training or self.is_frozen:
            return self.cast(self._normalized(wide, self.moving_mean, self.moving_variance))
        if mask is None and not is_synchronized() and self._can_fuse(wide):
            outputs, mean, variance = self._fused(wide)
        else:
            mean, variance = self._moments(wide, mask)
            outputs = self._normalized(wide, mean, variance)
        self._update(self.moving_mean, mean)
        self._update(self.moving_variance, variance)
        return self.cast(outputs)

    @property
    def is_frozen(self) -> bool:
        """Whether its statistics stay as they are: all of it is frozen, or they are selected by `freeze`."""
        return not self._trainable or "moving_mean" in self.frozen_names

    def _moments(self, inputs: tf.Tensor, mask: Any) -> tuple[tf.Tensor, tf.Tensor]:
        axes = [axis for axis in range(inputs.shape.rank) if axis != self._axis(inputs)]
        weights = None
        if mask is not None:
            shape = [*tf.unstack(tf.shape(mask)), *[1] * (inputs.shape.rank - 2)]
            weights = tf.reshape(tf.cast(mask, inputs.dtype), shape)
        if is_synchronized():
            return _moments_of_all(inputs, axes, weights)
        if weights is None:
            return tf.nn.moments(inputs, axes)  # type: ignore[no-any-return]
        return tf.nn.weighted_moments(inputs, axes, weights)  # type: ignore[no-any-return]

    def _normalized(self, inputs: tf.Tensor, mean: tf.Tensor, variance: tf.Tensor) -> tf.Tensor:
        shape = [1] * inputs.shape.rank
        shape[self._axis(inputs)] = -1
        mean, variance, beta, gamma = (
            None if value is None else tf.reshape(value, shape) for value in (mean, variance, self.beta, self.gamma)
        )
        return tf.nn.batch_normalization(inputs, mean, variance, beta, gamma, self.spec.epsilon)

    def _can_fuse(self, inputs: tf.Tensor) -> bool:
        last = self._axis(inputs) == inputs.shape.rank - 1
        kernel = inputs.dtype == tf.float32 and self.spec.epsilon >= LEAST_FUSED_EPSILON
        return inputs.shape.rank == 4 and last and kernel

    def _fused(self, inputs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Outputs, mean and biased variance by the kernel for images, about twice as fast as the formula."""
        channels = inputs.shape[-1]
        gamma = tf.ones([channels]) if self.gamma is None else self.gamma
        beta = tf.zeros([channels]) if self.beta is None else self.beta
        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(inputs, gamma, beta, epsilon=self.spec.epsilon)
        count = tf.cast(tf.size(inputs) // channels, variance.dtype)
        return outputs, mean, variance * ((count - 1.0) / count)

    def _update(self, average: tf.Variable, value: tf.Tensor) -> None:
        average.assign(average * self.spec.momentum + value * (1.0 - self.spec.momentum))

    def _axis(self, inputs: tf.Tensor) -> int:
        axis: int = self.spec.axis % inputs.shape.rank
        return axis


def _moments_of_all(inputs: tf.Tensor, axes: list[int], weights: tf.Tensor | None) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean and biased variance over the rows of all replicas; `weights`, of as many axes as the inputs, say what places count.

    The squares are of the differences from the common mean, and are added up in a second message for that: in the difference
    between the mean of the squares and the square of the mean, a mean that is large beside the deviation leaves no digit.
    """
    share = row_share(inputs.dtype)
    weights = share if weights is None else weights * share
    counted = tf.reduce_sum(tf.broadcast_to(weights, tf.shape(inputs)), axes)
    total, count = replica_sums(tf.reduce_sum(inputs * weights, axes), counted)
    mean = total / count
    shape = [1 if axis in axes else -1 for axis in range(inputs.shape.rank)]
    deviations = tf.math.squared_difference(inputs, tf.reshape(mean, shape))
    (squares,) = replica_sums(tf.reduce_sum(deviations * weights, axes))
    return mean, squares / count


class LayerNormalization(Layer[spec.LayerNormalization]):
    """Normalises each sample by itself, over some of its axes. Computes in float32 at least."""

    gamma: tf.Variable | None = None
    beta: tf.Variable | None = None

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """The same shape."""
        inputs = self.widened(inputs)
        axes = self.spec.axes(tuple(inputs.shape))
        shape = [length if axis in axes else 1 for axis, length in enumerate(inputs.shape)]
        beta, gamma = (None if weight is None else tf.reshape(weight, shape) for weight in (self.beta, self.gamma))
        mean, variance = tf.nn.moments(inputs, axes, keepdims=True)
        return self.cast(tf.nn.batch_normalization(inputs, mean, variance, beta, gamma, self.spec.epsilon))
