"""`Resizing`: images brought to one size; and how pixels of another size are made."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.spec.layers import resizing as spec


class Resizing(Layer[spec.Resizing]):
    """Images brought to one size."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(batch, *any size, channels) to (batch, height, width, channels). Between pixels computes in float32."""
        images = inputs if self.spec.interpolation == "nearest" else tf.cast(inputs, tf.float32)
        if self.spec.crop_to_aspect_ratio:
            images = self._cropped(images)
        if self.spec.pad_to_aspect_ratio:
            images = self._padded(images)
        height, width = self.spec.height, self.spec.width
        outputs = resized(images, height, width, self.spec.interpolation, antialias=self.spec.antialias)
        if inputs.dtype.is_floating:
            return self.cast(outputs)
        return tf.saturate_cast(tf.round(outputs), inputs.dtype)

    def _cropped(self, images: tf.Tensor) -> tf.Tensor:
        """The largest part in the middle that has the proportions of the output."""
        height, width, high, wide = self._proportional(images)
        high, wide = tf.maximum(tf.minimum(height, high), 1), tf.maximum(tf.minimum(width, wide), 1)
        top, left = (height - high) // 2, (width - wide) // 2
        return images[:, top : top + high, left : left + wide]

    def _padded(self, images: tf.Tensor) -> tf.Tensor:
        """With as much on both sides as brings it to the proportions of the output, rounded down."""
        height, width, high, wide = self._proportional(images)
        above, beside = tf.maximum(high - height, 0) // 2, tf.maximum(wide - width, 0) // 2
        around = [[0, 0], [above, above], [beside, beside], [0, 0]]
        return tf.pad(images, around, constant_values=tf.cast(self.spec.fill_value, images.dtype))

    def _proportional(self, images: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """Height and width; and the height that would go with the width, and the width with the height, in the output's
        proportions."""
        height, width = tf.unstack(tf.shape(images)[1:3])
        return height, width, width * self.spec.height // self.spec.width, height * self.spec.width // self.spec.height


def resized(images: tf.Tensor, height: Any, width: Any, interpolation: str, *, antialias: bool = False) -> tf.Tensor:
    """Images (batch, height, width, channels) in another size; but for `nearest` in float32.

    What TensorFlow has without XLA alone, or (bicubic) by a table of 1024 steps, is a product with a matrix for each axis.
    """
    before = [tf.shape(images)[axis] if images.shape[axis] is None else images.shape[axis] for axis in (1, 2)]
    if interpolation == "nearest":
        for axis, length, wanted in zip((1, 2), before, (height, width), strict=True):
            images = tf.gather(images, _nearest(length, wanted), axis=axis)
        return images
    values = tf.cast(images, tf.float32)
    if interpolation == "bilinear" and not antialias:
        return tf.image.resize(values, [height, width], interpolation)
    batch, channels = tf.shape(values)[0], values.shape[3] or tf.shape(values)[3]
    rows, columns = (
        _shares(length, wanted, interpolation, antialias)
        for length, wanted in zip(before, (height, width), strict=True)
    )
    by_row = tf.matmul(rows, tf.reshape(values, [batch, before[0], before[1] * channels]))
    return tf.matmul(columns, tf.reshape(by_row, [batch, height, before[1], channels]))


def _nearest(length: Any, wanted: Any) -> tf.Tensor:
    """Which pixel of an axis has the centre of each one wanted."""
    scale = tf.cast(length, tf.float32) / tf.cast(wanted, tf.float32)
    places = (tf.cast(tf.range(wanted), tf.float32) + 0.5) * scale
    return tf.minimum(tf.cast(places, tf.int32), length - 1)


def _shares(length: Any, wanted: Any, interpolation: str, antialias: bool) -> tf.Tensor:
    """What each pixel of an axis adds to each one wanted: (wanted, length). Pixels outside add nothing, the others then more."""
    kernel, reach = _KERNELS[interpolation]
    scale = tf.cast(length, tf.float32) / tf.cast(wanted, tf.float32)
    centre = (tf.cast(tf.range(wanted), tf.float32) + 0.5) * scale - 0.5
    distance = tf.abs(centre[:, tf.newaxis] - tf.cast(tf.range(length), tf.float32))
    stretched = distance / (tf.maximum(scale, 1.0) if antialias else 1.0)
    shares = tf.where(stretched < reach, kernel(stretched), 0.0)
    return shares / tf.reduce_sum(shares, axis=1, keepdims=True)


def _linear(distance: tf.Tensor) -> tf.Tensor:
    return 1.0 - distance


def _cubic(distance: tf.Tensor) -> tf.Tensor:
    """Keys (1981), with a = -1/2."""
    near = ((1.5 * distance - 2.5) * distance) * distance + 1.0
    far = ((-0.5 * distance + 2.5) * distance - 4.0) * distance + 2.0
    return tf.where(distance < 1.0, near, far)


def _lanczos(radius: float, distance: tf.Tensor) -> tf.Tensor:
    """Lanczos (1956): a sinc in the window of a wider one."""
    angle = np.pi * tf.maximum(distance, 1e-3)
    bell = radius * tf.sin(angle) * tf.sin(angle / radius) / angle**2
    return tf.where(distance <= 1e-3, 1.0, bell)


_KERNELS: dict[str, tuple[Callable[[tf.Tensor], tf.Tensor], float]] = {
    "bilinear": (_linear, 1.0),
    "bicubic": (_cubic, 2.0),
    "lanczos3": (partial(_lanczos, 3.0), 3.0),
    "lanczos5": (partial(_lanczos, 5.0), 5.0),
}
"""How much a pixel counts at a distance, and from which on it does not."""
