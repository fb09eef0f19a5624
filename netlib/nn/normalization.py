"""Layers that bring values to mean 0 and variance 1: BatchNormalization, LayerNormalization."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.spec import normalization as spec

# The fused kernel on a GPU raises a smaller epsilon to this without a word.
LEAST_FUSED_EPSILON = 1.001e-5


class BatchNormalization(Layer[spec.BatchNormalization]):
    """Normalises with the batch's statistics in training, with their moving averages otherwise and when frozen."""

    gamma: tf.Variable | None = None
    beta: tf.Variable | None = None
    moving_mean: tf.Variable
    moving_variance: tf.Variable

    def call(self, inputs: tf.Tensor, training: Any = False) -> tf.Tensor:
        """The same shape. Updates the moving averages in training, unless frozen."""
        if not (training and self.trainable):
            return self._normalized(inputs, self.moving_mean, self.moving_variance)
        if self._can_fuse(inputs):
            outputs, mean, variance = self._fused(inputs)
        else:
            mean, variance = tf.nn.moments(inputs, [i for i in range(inputs.shape.rank) if i != self._axis(inputs)])
            outputs = self._normalized(inputs, mean, variance)
        self._update(self.moving_mean, mean)
        self._update(self.moving_variance, variance)
        return outputs

    def _normalized(self, inputs: tf.Tensor, mean: tf.Tensor, variance: tf.Tensor) -> tf.Tensor:
        shape = [1] * inputs.shape.rank
        shape[self._axis(inputs)] = -1
        mean, variance, beta, gamma = (
            None if value is None else tf.reshape(value, shape) for value in (mean, variance, self.beta, self.gamma)
        )
        return tf.nn.batch_normalization(inputs, mean, variance, beta, gamma, self.spec.epsilon)

    def _can_fuse(self, inputs: tf.Tensor) -> bool:
        last = self._axis(inputs) == inputs.shape.rank - 1
        return inputs.shape.rank == 4 and last and self.spec.epsilon >= LEAST_FUSED_EPSILON

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
    """Normalises each sample by itself, over some of its axes."""

    gamma: tf.Variable | None = None
    beta: tf.Variable | None = None

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """The same shape."""
        axes = self.spec.axes(tuple(inputs.shape))
        shape = [length if axis in axes else 1 for axis, length in enumerate(inputs.shape)]
        beta, gamma = (None if weight is None else tf.reshape(weight, shape) for weight in (self.beta, self.gamma))
        mean, variance = tf.nn.moments(inputs, axes, keepdims=True)
        return tf.nn.batch_normalization(inputs, mean, variance, beta, gamma, self.spec.epsilon)
