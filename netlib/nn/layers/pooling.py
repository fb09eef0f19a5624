"""Layers that summarise windows of a sequence, an image or a volume."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.nn.layers.padding import surrounded
from netlib.spec.layers import pooling as spec
from netlib.spec.layers.windows import Sizes

MaxType = TypeVar("MaxType", bound=spec.MaxPoolingSpec)
AverageType = TypeVar("AverageType", bound=spec.AveragePoolingSpec)


class _Max(Layer[MaxType]):
    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(batch, ..., channels), each axis shrunk. Of values that tie one has the gradient."""
        size = self.spec.pool_size
        strides = self.spec.strides or size
        values, rule = surrounded(inputs, self.spec.padding, size, strides, float("-inf"))
        return pooled(tf.nn.max_pool2d, values, size, strides, rule)


class _Average(Layer[AverageType]):
    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(batch, ..., channels), each axis shrunk. Computes in float32: sums of large windows are wrong in float16."""
        padding, values = self.spec.padding, self.widened(inputs)
        if isinstance(padding, str):
            return self.cast(self._means(values, padding.upper()))
        around = [(0, 0), *padding, (0, 0)]
        means = self._means(tf.pad(values, around), "VALID")
        if self.spec.count_padding:
            return self.cast(means)
        ones = tf.ones([1, *tf.unstack(tf.shape(inputs))[1:-1], 1], values.dtype)
        return self.cast(means / self._means(tf.pad(ones, around), "VALID"))

    def _means(self, values: tf.Tensor, rule: str) -> tf.Tensor:
        size = self.spec.pool_size
        return pooled(tf.nn.avg_pool2d, values, size, self.spec.strides or size, rule)


class MaxPooling1D(_Max[spec.MaxPooling1D]):
    """The largest value of each window of a sequence."""


class MaxPooling2D(_Max[spec.MaxPooling2D]):
    """The largest value of each window of an image."""


class MaxPooling3D(_Max[spec.MaxPooling3D]):
    """The largest value of each window of a volume."""


class AveragePooling1D(_Average[spec.AveragePooling1D]):
    """The mean of each window of a sequence; explicit padding counts unless told otherwise, that of `same` does not."""


class AveragePooling2D(_Average[spec.AveragePooling2D]):
    """The mean of each window of an image; padding as of AveragePooling1D."""


class AveragePooling3D(_Average[spec.AveragePooling3D]):
    """The mean of each window of a volume; padding as of AveragePooling1D."""


def pooled(pool: Callable[..., tf.Tensor], values: tf.Tensor, size: Sizes, strides: Sizes, rule: str) -> tf.Tensor:
    """What a function of windows of images gives for (batch, *places, channels), with one to three axes of places.

    In a volume it is taken over height and width, and of the results over depth. TensorFlow's own functions for volumes know
    neither float16 nor float64 on the CPU, and give each of the largest values that tie the whole gradient.
    """
    if len(size) == 1:
        return tf.squeeze(pool(values[:, tf.newaxis], (1, *size), (1, *strides), rule), axis=1)
    if len(size) == 2:
        return pool(values, size, strides, rule)
    batch, depth, *plane = _lengths(values)
    planes = pool(tf.reshape(values, [batch * depth, *plane]), size[1:], strides[1:], rule)
    _, height, width, channels = _lengths(planes)
    columns = tf.reshape(planes, [batch, depth, height * width, channels])
    columns = pool(columns, (size[0], 1), (strides[0], 1), rule)
    return tf.reshape(columns, [batch, _lengths(columns)[1], height, width, channels])


def _lengths(values: tf.Tensor) -> list[Any]:
    """Of its axes, as numbers where they are known."""
    return [tf.shape(values)[axis] if length is None else length for axis, length in enumerate(values.shape)]
