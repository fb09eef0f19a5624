"""Layers that make a sequence, an image or a volume a whole number of times as large."""

from __future__ import annotations

from typing import Any, TypeVar

import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.nn.layers.resizing import resized
from netlib.spec.layers import upsampling as spec
from netlib.spec.layers.windows import Sizes

SpecType = TypeVar("SpecType", bound=spec.UpSamplingSpec)


class _UpSampling(Layer[SpecType]):
    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(batch, ..., channels), each axis times `size`."""
        return _repeated(inputs, self.spec.size)


class UpSampling1D(_UpSampling[spec.UpSampling1D]):
    """Each place of a sequence repeated."""

    def compute_mask(self, *inputs: tf.Tensor, mask: Any = None) -> Any:
        """Repeated as the sequence is."""
        return None if mask is None else _repeated(mask, self.spec.size)


class UpSampling2D(Layer[spec.UpSampling2D]):
    """An image enlarged."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(batch, height, width, channels), height and width times `size`. Between pixels computes in float32."""
        if self.spec.interpolation == "nearest":
            return _repeated(inputs, self.spec.size)
        height, width = (length * times for length, times in zip(_lengths(inputs), self.spec.size, strict=True))
        outputs = self.cast(resized(inputs, height, width, self.spec.interpolation))
        return tf.ensure_shape(outputs, self.spec.output_shape(tuple(inputs.shape)))


class UpSampling3D(_UpSampling[spec.UpSampling3D]):
    """Each element of a volume repeated."""


def _repeated(values: tf.Tensor, size: Sizes) -> tf.Tensor:
    for axis, times in enumerate(size, 1):
        values = tf.repeat(values, times, axis=axis)
    return values


def _lengths(images: tf.Tensor) -> Any:
    return tf.unstack(tf.shape(images)[1:3])
