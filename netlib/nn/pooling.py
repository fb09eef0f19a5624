"""Layers that summarise windows of an image: MaxPooling2D, AveragePooling2D, GlobalAveragePooling2D."""

from __future__ import annotations

import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.spec import pooling as spec


class MaxPooling2D(Layer[spec.MaxPooling2D]):
    """The largest value of each window."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(batch, height, width, channels), height and width shrunk."""
        size = self.spec.pool_size
        return tf.nn.max_pool2d(inputs, size, self.spec.strides or size, self.spec.padding.upper())


class AveragePooling2D(Layer[spec.AveragePooling2D]):
    """The mean of each window; what lies outside the image does not count."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(batch, height, width, channels), height and width shrunk."""
        size = self.spec.pool_size
        return tf.nn.avg_pool2d(inputs, size, self.spec.strides or size, self.spec.padding.upper())


class GlobalAveragePooling2D(Layer[spec.GlobalAveragePooling2D]):
    """The mean over height and width."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(batch, channels), or (batch, 1, 1, channels)."""
        return tf.reduce_mean(inputs, axis=[1, 2], keepdims=self.spec.keepdims)
