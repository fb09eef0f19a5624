"""The dense layer whose product is written as an equation: EinsumDense."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from netlib.nn.keras_objects import activation
from netlib.nn.layer import Layer
from netlib.spec.layers import einsum as spec


class EinsumDense(Layer[spec.EinsumDense]):
    """`activation(einsum(equation, input, kernel) + bias)`.

    >>> from netlib import nn
    >>> heads = nn.EinsumDense("abc,cde->abde", output_dim=[None, 2, 4], bias_axes="de")
    >>> heads(tf.ones([8, 5, 3])).shape, heads.kernel.shape, heads.bias.shape
    (TensorShape([8, 5, 2, 4]), TensorShape([3, 2, 4]), TensorShape([2, 4]))
    """

    kernel: tf.Variable
    bias: tf.Variable

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """The input's axes to the output's, as the equation says."""
        outputs = tf.einsum(self.spec.equation, inputs, self.cast(self.kernel))
        if self.spec.bias_axes:
            outputs = outputs + self.cast(self.bias)
        return activation(self.spec.activation)(outputs)

    def compute_mask(self, *inputs: tf.Tensor, mask: Any = None) -> Any:
        """The input's, where the equation keeps the axis after the batch."""
        return mask if self.spec.keeps_time(tuple(inputs[0].shape)) else None
