"""Layers that any network uses: Dense, Activation, Embedding, Rescaling, Identity."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from netlib.nn.keras_objects import activation
from netlib.nn.layer import Layer
from netlib.spec.layers import core as spec


class Dense(Layer[spec.Dense]):
    """`activation(input @ kernel + bias)`."""

    kernel: tf.Variable
    bias: tf.Variable

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(..., features) to (..., units)."""
        flat = inputs.shape.rank == 2
        kernel = self.cast(self.kernel)
        outputs = tf.matmul(inputs, kernel) if flat else tf.tensordot(inputs, kernel, 1)
        if self.spec.use_bias:
            outputs = tf.nn.bias_add(outputs, self.cast(self.bias))
        return activation(self.spec.activation)(outputs)


class Activation(Layer[spec.Activation]):
    """An activation function by itself."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """The same shape."""
        return activation(self.spec.activation)(inputs)


class Embedding(Layer[spec.Embedding]):
    """A vector for each index."""

    embeddings: tf.Variable

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Indices (...) to vectors (..., output_dim)."""
        indices = inputs if inputs.dtype in (tf.int32, tf.int64) else tf.cast(inputs, tf.int64)
        return self.cast(tf.gather(self.embeddings, indices))

    def compute_mask(self, *inputs: tf.Tensor, mask: Any = None) -> Any:
        """With `mask_zero`, the places whose index is not 0."""
        return tf.not_equal(inputs[0], 0) if self.spec.mask_zero else None


class Rescaling(Layer[spec.Rescaling]):
    """`input * scale + offset`; computed in float32 at least.

    >>> from netlib import nn
    >>> nn.Rescaling(0.5, offset=-1)(tf.constant([[0, 2, 5]])).numpy()
    array([[-1. ,  0. ,  1.5]], dtype=float32)
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """The same shape."""
        wide = self.widened(inputs)
        scale, offset = (tf.constant(numbers, wide.dtype) for numbers in (self.spec.scale, self.spec.offset))
        return self.cast(wide * scale + offset)


class Identity(Layer[spec.Identity]):
    """Gives its input as it is."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """The input."""
        return inputs
