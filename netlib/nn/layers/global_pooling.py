"""Layers that summarise all places of a sequence, an image or a volume."""

from __future__ import annotations

from typing import Any, TypeVar

import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.spec.layers import global_pooling as spec

SpecType = TypeVar("SpecType", bound=spec.GlobalPoolingSpec)


class _GlobalAverage(Layer[SpecType]):
    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(batch, channels), or with axes of length 1 between. Computes in float32: a sum of many overflows float16."""
        return self.cast(tf.reduce_mean(self.widened(inputs), _places(inputs), self.spec.keepdims))


class _GlobalMax(Layer[SpecType]):
    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(batch, channels), or with axes of length 1 between. Places that tie share the gradient."""
        return tf.reduce_max(inputs, _places(inputs), self.spec.keepdims)


class GlobalAveragePooling1D(Layer[spec.GlobalAveragePooling1D]):
    """The mean over the places that the mask leaves."""

    def call(self, inputs: tf.Tensor, mask: Any = None) -> tf.Tensor:
        """(batch, time, features) to (batch, features), or (batch, 1, features). Computes in float32."""
        values, keepdims = self.widened(inputs), self.spec.keepdims
        if mask is None:
            return self.cast(tf.reduce_mean(values, 1, keepdims))
        real = mask[:, :, tf.newaxis]
        total = tf.reduce_sum(tf.where(real, values, 0), 1, keepdims)
        return self.cast(tf.math.divide_no_nan(total, tf.reduce_sum(self.widened(real), 1, keepdims)))


class GlobalAveragePooling2D(_GlobalAverage[spec.GlobalAveragePooling2D]):
    """The mean over height and width."""


class GlobalAveragePooling3D(_GlobalAverage[spec.GlobalAveragePooling3D]):
    """The mean over depth, height and width."""


class GlobalMaxPooling1D(Layer[spec.GlobalMaxPooling1D]):
    """The largest value over the places that the mask leaves."""

    def call(self, inputs: tf.Tensor, mask: Any = None) -> tf.Tensor:
        """(batch, time, features) to (batch, features), or (batch, 1, features). Places that tie share the gradient."""
        keepdims = self.spec.keepdims
        if mask is None:
            return tf.reduce_max(inputs, 1, keepdims)
        real = mask[:, :, tf.newaxis]
        largest = tf.reduce_max(tf.where(real, inputs, tf.cast(float("-inf"), inputs.dtype)), 1, keepdims)
        return tf.where(tf.reduce_any(real, 1, keepdims), largest, 0)


class GlobalMaxPooling2D(_GlobalMax[spec.GlobalMaxPooling2D]):
    """The largest value over height and width."""


class GlobalMaxPooling3D(_GlobalMax[spec.GlobalMaxPooling3D]):
    """The largest value over depth, height and width."""


def _places(inputs: tf.Tensor) -> list[int]:
    """The axes between the batch and the channels."""
    return list(range(1, inputs.shape.rank - 1))
