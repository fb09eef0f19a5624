"""Layers that summarise windows of an image, or all places of an image or a sequence."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.nn.layers.padding import surrounded
from netlib.spec.layers import pooling as spec


class MaxPooling2D(Layer[spec.MaxPooling2D]):
    """The largest value of each window."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(batch, height, width, channels), height and width shrunk."""
        size = self.spec.pool_size
        strides = self.spec.strides or size
        images, rule = surrounded(inputs, self.spec.padding, size, strides, float("-inf"))
        return tf.nn.max_pool2d(images, size, strides, rule)


class AveragePooling2D(Layer[spec.AveragePooling2D]):
    """The mean of each window; explicit padding counts unless told otherwise, that of `same` does not."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(batch, height, width, channels), height and width shrunk."""
        padding = self.spec.padding
        if isinstance(padding, str):
            return self._means(inputs, padding.upper())
        around = [(0, 0), *padding, (0, 0)]
        means = self._means(tf.pad(inputs, around), "VALID")
        if self.spec.count_padding:
            return means
        shares = self._means(tf.pad(tf.ones([1, *tf.unstack(tf.shape(inputs))[1:3], 1]), around), "VALID")
        return means / self.cast(shares)

    def _means(self, images: tf.Tensor, rule: str) -> tf.Tensor:
        size = self.spec.pool_size
        return tf.nn.avg_pool2d(images, size, self.spec.strides or size, rule)


class AdaptiveAveragePooling2D(Layer[spec.AdaptiveAveragePooling2D]):
    """The mean of each part of an image."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(batch, *output_size, channels). Computes in float32 where parts overlap."""
        lengths, sizes = inputs.shape[1:3], self.spec.output_size
        if all(length is not None and length % size == 0 for length, size in zip(lengths, sizes, strict=True)):
            windows = [length // size for length, size in zip(lengths, sizes, strict=True)]
            return tf.nn.avg_pool2d(inputs, windows, windows, "VALID")
        height, width = tf.unstack(tf.shape(inputs))[1:3]
        rows, columns = _shares(height, sizes[0]), _shares(width, sizes[1])
        return self.cast(tf.einsum("bhwc,ih,jw->bijc", tf.cast(inputs, tf.float32), rows, columns))


def _shares(length: tf.Tensor, parts: int) -> tf.Tensor:
    """What each element of an axis adds to the mean of each part: (parts, length)."""
    index = tf.range(parts)[:, tf.newaxis]
    first, behind = index * length // parts, -(-(index + 1) * length // parts)
    place = tf.range(length)[tf.newaxis, :]
    inside = tf.logical_and(place >= first, place < behind)
    return tf.cast(inside, tf.float32) / tf.cast(behind - first, tf.float32)


class GlobalAveragePooling2D(Layer[spec.GlobalAveragePooling2D]):
    """The mean over height and width."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(batch, channels), or (batch, 1, 1, channels)."""
        return tf.reduce_mean(inputs, axis=[1, 2], keepdims=self.spec.keepdims)


class GlobalMaxPooling2D(Layer[spec.GlobalMaxPooling2D]):
    """The largest value over height and width."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(batch, channels), or (batch, 1, 1, channels)."""
        return tf.reduce_max(inputs, axis=[1, 2], keepdims=self.spec.keepdims)


class GlobalAveragePooling1D(Layer[spec.GlobalAveragePooling1D]):
    """The mean over the places that the mask leaves."""

    def call(self, inputs: tf.Tensor, mask: Any = None) -> tf.Tensor:
        """(batch, time, features) to (batch, features), or (batch, 1, features). With a mask computes in float32."""
        if mask is None:
            return tf.reduce_mean(inputs, axis=1, keepdims=self.spec.keepdims)
        real = mask[:, :, tf.newaxis]
        total = tf.reduce_sum(tf.where(real, tf.cast(inputs, tf.float32), 0), axis=1, keepdims=self.spec.keepdims)
        count = tf.reduce_sum(tf.cast(real, tf.float32), axis=1, keepdims=self.spec.keepdims)
        return self.cast(tf.math.divide_no_nan(total, count))


class GlobalMaxPooling1D(Layer[spec.GlobalMaxPooling1D]):
    """The largest value over the places that the mask leaves."""

    def call(self, inputs: tf.Tensor, mask: Any = None) -> tf.Tensor:
        """(batch, time, features) to (batch, features), or (batch, 1, features)."""
        if mask is None:
            return tf.reduce_max(inputs, axis=1, keepdims=self.spec.keepdims)
        real = mask[:, :, tf.newaxis]
        largest = tf.reduce_max(tf.where(real, inputs, inputs.dtype.min), axis=1, keepdims=self.spec.keepdims)
        return tf.where(tf.reduce_any(real, axis=1, keepdims=self.spec.keepdims), largest, 0)
