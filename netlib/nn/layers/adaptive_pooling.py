"""Layers that summarise as many parts of a sequence, an image or a volume as are asked for, whatever its size."""

from __future__ import annotations

from typing import Any, TypeVar

import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.nn.layers.pooling import pooled
from netlib.spec.layers import adaptive_pooling as spec

SpecType = TypeVar("SpecType", bound=spec.AdaptivePoolingSpec)


class _Average(Layer[SpecType]):
    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(batch, *output_size, channels). Computes in float32."""
        values, sizes = self.widened(inputs), self.spec.output_size
        lengths = inputs.shape[1:-1]
        if all(length is not None and length % size == 0 for length, size in zip(lengths, sizes, strict=True)):
            windows = [length // size for length, size in zip(lengths, sizes, strict=True)]
            return self.cast(pooled(tf.nn.avg_pool2d, values, tuple(windows), tuple(windows), "VALID"))
        before, behind = "hij"[: len(sizes)], "klm"[: len(sizes)]
        shares = [tf.cast(_shares(_length(inputs, axis), size), values.dtype) for axis, size in enumerate(sizes, 1)]
        pairs = ",".join(map("".join, zip(behind, before, strict=True)))
        return self.cast(tf.einsum(f"b{before}c,{pairs}->b{behind}c", values, *shares))


class _Max(Layer[SpecType]):
    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(batch, *output_size, channels). Values that tie share the gradient."""
        for axis, size in enumerate(self.spec.output_size, 1):
            inputs = tf.reduce_max(tf.gather(inputs, _members(_length(inputs, axis), size), axis=axis), axis + 1)
        return inputs


class AdaptiveAveragePooling1D(_Average[spec.AdaptiveAveragePooling1D]):
    """The mean of each part of a sequence."""


class AdaptiveAveragePooling2D(_Average[spec.AdaptiveAveragePooling2D]):
    """The mean of each part of an image."""


class AdaptiveAveragePooling3D(_Average[spec.AdaptiveAveragePooling3D]):
    """The mean of each part of a volume."""


class AdaptiveMaxPooling1D(_Max[spec.AdaptiveMaxPooling1D]):
    """The largest value of each part of a sequence."""


class AdaptiveMaxPooling2D(_Max[spec.AdaptiveMaxPooling2D]):
    """The largest value of each part of an image."""


class AdaptiveMaxPooling3D(_Max[spec.AdaptiveMaxPooling3D]):
    """The largest value of each part of a volume."""


def _length(inputs: tf.Tensor, axis: int) -> Any:
    known = inputs.shape[axis]
    return tf.shape(inputs)[axis] if known is None else known


def _bounds(length: Any, parts: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Where each part of an axis begins, and where it has ended: (parts, 1) both."""
    index = tf.range(parts)[:, tf.newaxis]
    return index * length // parts, -(-(index + 1) * length // parts)


def _shares(length: Any, parts: int) -> tf.Tensor:
    """What each element of an axis adds to the mean of each part: (parts, length)."""
    first, behind = _bounds(length, parts)
    place = tf.range(length)[tf.newaxis, :]
    inside = tf.logical_and(place >= first, place < behind)
    return tf.cast(inside, tf.float64) / tf.cast(behind - first, tf.float64)


def _members(length: Any, parts: int) -> tf.Tensor:
    """Which elements of an axis are in each part: (parts, elements of the largest); in a smaller part the last stands again."""
    first, behind = _bounds(length, parts)
    largest = (length - 1) // parts + 2  # two are reached in part where the parts do not divide the length
    return tf.minimum(first + tf.range(largest)[tf.newaxis, :], behind - 1)
