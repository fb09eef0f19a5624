"""The layer that makes a mask of a value: Masking."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.spec.layers import masking as spec


class Masking(Layer[spec.Masking]):
    """Leaves out the places all of whose values are `mask_value`."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """The same shape; 0 at the places that are left out."""
        real = self._real(inputs)
        return tf.where(tf.reshape(real, [*tf.unstack(tf.shape(real)), *[1] * (inputs.shape.rank - 2)]), inputs, 0)

    def compute_mask(self, *inputs: tf.Tensor, mask: Any = None) -> Any:
        """The places (batch, time) that are real, and were so before."""
        real = self._real(self.cast(inputs[0]))
        return real if mask is None else tf.logical_and(real, mask)

    def _real(self, inputs: tf.Tensor) -> tf.Tensor:
        return tf.reduce_any(tf.not_equal(inputs, self.spec.mask_value), axis=list(range(2, inputs.shape.rank)))
