"""`Flip`: values in the opposite order along an axis."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.spec.layers import flipping as spec


class Flip(Layer[spec.Flip]):
    """The values in the opposite order along an axis.

    >>> from netlib import nn
    >>> nn.Flip(1)(tf.constant([[1.0, 2.0, 3.0]])).numpy()
    array([[3., 2., 1.]], dtype=float32)
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """The input's shape."""
        return tf.reverse(inputs, [self.spec.axis])

    def compute_mask(self, *inputs: tf.Tensor, mask: Any = None) -> Any:
        """Flipped with the time."""
        along_time = self.spec.axis % inputs[0].shape.rank == 1
        return tf.reverse(mask, [1]) if along_time and mask is not None else mask
