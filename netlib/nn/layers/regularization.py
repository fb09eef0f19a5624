"""Layers that drop values in training: Dropout, SpatialDropout1D, SpatialDropout2D, SpatialDropout3D, AlphaDropout."""

from __future__ import annotations

from math import sqrt
from typing import Any, TypeVar

import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.spec.layers import regularization as spec

SpecType = TypeVar("SpecType", bound=spec.Dropout | spec.SpatialDropoutSpec)

SELU_LIMIT = -1.0507009873554804934193349852946 * 1.6732632423543772848170429916717
"""What SELU tends to for large negative values."""


class Dropping(Layer[SpecType]):
    """Makes a share of the values zero in training and scales the others up."""

    def call(self, inputs: tf.Tensor, training: Any = False) -> tf.Tensor:
        """The same shape."""
        if not training or self.spec.rate == 0:
            return inputs
        return self._dropped(inputs, self.random_uniform("dropout", self._mask_shape(inputs)) >= self.spec.rate)

    def _dropped(self, inputs: tf.Tensor, keep: tf.Tensor) -> tf.Tensor:
        return tf.where(keep, inputs * (1.0 / (1.0 - self.spec.rate)), tf.zeros([], inputs.dtype))

    def _mask_shape(self, inputs: tf.Tensor) -> Any:
        """As a tuple if it is known, else as a vector."""
        static, dynamic = tuple(inputs.shape), tf.shape(inputs)
        noise = self.spec.noise_shape or (None,) * len(static)
        shape = [
            length or known or dynamic[axis] for axis, (length, known) in enumerate(zip(noise, static, strict=True))
        ]
        return tuple(shape) if all(isinstance(length, int) for length in shape) else tf.stack(shape)


class Dropout(Dropping[spec.Dropout]):
    """In training, makes a share of the values zero and scales the others up."""


class AlphaDropout(Dropping[spec.AlphaDropout]):
    """In training, brings a share of the values to SELU's lower limit, and keeps mean and variance."""

    def _dropped(self, inputs: tf.Tensor, keep: tf.Tensor) -> tf.Tensor:
        rate = self.spec.rate
        factor = 1.0 / sqrt((1.0 - rate) * (1.0 + rate * SELU_LIMIT**2))
        # A sum before the product: XLA would not round a product before the sum.
        return (tf.where(keep, inputs, tf.constant(SELU_LIMIT, inputs.dtype)) - SELU_LIMIT * rate) * factor


class SpatialDropout1D(Dropping[spec.SpatialDropout1D]):
    """In training, drops whole channels of a sequence."""


class SpatialDropout2D(Dropping[spec.SpatialDropout2D]):
    """In training, drops whole channels of an image."""


class SpatialDropout3D(Dropping[spec.SpatialDropout3D]):
    """In training, drops whole channels of a volume."""
