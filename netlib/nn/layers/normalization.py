"""Layers that bring values to mean 0 and variance 1: BatchNormalization, LayerNormalization."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.spec.layers import normalization as spec

# The fused kernel on a GPU raises a smaller epsilon to this without a word.
LEAST_FUSED_EPSILON = 1.001e-5


class BatchNormalization(Layer[spec.BatchNormalization]):
    """Normalises with the batch's statistics in training, with their moving averages otherwise and when frozen.

    Computes in float32 at least. Places that the mask leaves out do not count in the statistics.
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
        if mask is None and self._can_fuse(wide):
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
        if mask is None:
            return tf.nn.moments(inputs, axes)  # type: ignore[no-any-return]
        weights = tf.reshape(tf.cast(mask, inputs.dtype), [*tf.unstack(tf.shape(mask)), *[1] * (inputs.shape.rank - 2)])
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
