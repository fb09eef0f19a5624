"""Layers that change the shape alone: Flatten, Reshape, Permute, RepeatVector."""

from __future__ import annotations

import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.spec.layers import shaping as spec
from netlib.spec.tensors import Shape


class Flatten(Layer[spec.Flatten]):
    """All axes but the batch become one."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(batch, ...) to (batch, elements)."""
        return _reshaped(inputs, self.spec.output_shape(tuple(inputs.shape)))


class Reshape(Layer[spec.Reshape]):
    """The same elements of each sample in another shape."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(batch, ...) to (batch, *target_shape)."""
        return _reshaped(inputs, self.spec.output_shape(tuple(inputs.shape)))


class Permute(Layer[spec.Permute]):
    """The axes of each sample in another order."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(batch, ...), the axes exchanged."""
        return tf.transpose(inputs, [0, *self.spec.dims])


class RepeatVector(Layer[spec.RepeatVector]):
    """A vector at each of `n` places."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(batch, features) to (batch, n, features)."""
        return tf.repeat(inputs[:, tf.newaxis], self.spec.n, axis=1)


def _reshaped(inputs: tf.Tensor, shape: Shape) -> tf.Tensor:
    batch, *axes = shape
    if None in axes:  # at most one: what is left
        return tf.reshape(inputs, [tf.shape(inputs)[0], *(-1 if axis is None else axis for axis in axes)])
    return tf.reshape(inputs, [-1 if batch is None else batch, *axes])
