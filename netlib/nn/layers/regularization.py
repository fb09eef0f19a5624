"""Layers that disturb training so that a network generalises: Dropout."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.spec.layers import regularization as spec


class Dropout(Layer[spec.Dropout]):
    """In training, makes a share of the values zero and scales the others up."""

    def call(self, inputs: tf.Tensor, training: Any = False) -> tf.Tensor:
        """The same shape."""
        if not training or self.spec.rate == 0:
            return inputs
        keep = self.random_uniform("dropout", self._mask_shape(inputs)) >= self.spec.rate
        return tf.where(keep, inputs * (1.0 / (1.0 - self.spec.rate)), tf.zeros([], inputs.dtype))

    def _mask_shape(self, inputs: tf.Tensor) -> Any:
        """As a tuple if it is known, else as a vector."""
        static, dynamic = tuple(inputs.shape), tf.shape(inputs)
        noise = self.spec.noise_shape or (None,) * len(static)
        shape = [
            length or known or dynamic[axis] for axis, (length, known) in enumerate(zip(noise, static, strict=True))
        ]
        return tuple(shape) if all(isinstance(length, int) for length in shape) else tf.stack(shape)
