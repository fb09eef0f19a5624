"""Layers that bring vectors to one length, and leave their mean alone: RMSNormalization, UnitNormalization."""

from __future__ import annotations

import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.spec.layer import need_feature_axes
from netlib.spec.layers import length_normalization as spec

LEAST_SQUARES = 1e-24
"""Sums of squares below this count as this one: the shortest vector that is brought to length 1 has 1e-12, as in Keras."""


class RMSNormalization(Layer[spec.RMSNormalization]):
    """Divides each vector by the root of its mean square. Computes in float32 at least."""

    scale: tf.Variable

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """The same shape."""
        wide, shape = self.widened(inputs), tuple(inputs.shape)
        axes = need_feature_axes(self.spec, shape, self.spec.axis)
        mean = tf.reduce_mean(tf.square(wide), axes, keepdims=True)
        scale = tf.reshape(self.scale, [length if axis in axes else 1 for axis, length in enumerate(shape)])
        return self.cast(wide * tf.math.rsqrt(mean + self.spec.epsilon) * scale)


class UnitNormalization(Layer[spec.UnitNormalization]):
    """Divides each vector by its length. Computes in float32 at least."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """The same shape."""
        wide = self.widened(inputs)
        axes = need_feature_axes(self.spec, tuple(inputs.shape), self.spec.axis)
        squares = tf.reduce_sum(tf.square(wide), axes, keepdims=True)
        return self.cast(wide * tf.math.rsqrt(tf.maximum(squares, LEAST_SQUARES)))
