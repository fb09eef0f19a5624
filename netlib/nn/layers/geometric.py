"""Layers that move images about at random in training: RandomFlip, RandomCrop, RandomTranslation, RandomRotation, RandomZoom."""

from __future__ import annotations

from typing import Any, TypeVar

import tensorflow as tf

from netlib.nn.box_muller import POINT, cosine
from netlib.nn.layers.augmentation import Augmentation, between, for_images
from netlib.nn.layers.sampling import mixed, parted, pixels, warped
from netlib.spec.layers import geometric as spec

SpecType = TypeVar("SpecType", bound=spec.WarpingSpec)

_TURN = 24
"""Bits of an angle."""


class RandomFlip(Augmentation[spec.RandomFlip]):
    """Mirrors half of the images in training."""

    draws = 2

    def changed(self, images: tf.Tensor, numbers: list[tf.Tensor]) -> tf.Tensor:
        """Mirrored where the number is less than a half: the first for left and right, the second for top and bottom."""
        across, down = (for_images(number < 0.5) for number in numbers)
        if "horizontal" in self.spec.mode:
            images = tf.where(across, tf.reverse(images, [2]), images)
        if "vertical" in self.spec.mode:
            images = tf.where(down, tf.reverse(images, [1]), images)
        return images


class RandomCrop(Augmentation[spec.RandomCrop]):
    """A part of each image: at a random place in training, else the largest in the middle, resized."""

    draws = 2

    def call(self, inputs: tf.Tensor, training: Any = False) -> tf.Tensor:
        """(batch, the layer's height and width, channels)."""
        if not training:
            return self._outputs(inputs, self._resized(inputs))
        numbers = self.drawn(inputs)
        known = all(length is not None for length in inputs.shape[1:3])
        height, width = inputs.shape[1:3] if known else tf.unstack(tf.shape(inputs)[1:3])
        fits = (height >= self.spec.height) & (width >= self.spec.width)
        if not known:
            outputs = tf.cond(fits, lambda: self.changed(inputs, numbers), lambda: self._resized(inputs))
        else:
            outputs = self.changed(inputs, numbers) if fits else self._resized(inputs)
        return self._outputs(inputs, outputs)

    def changed(self, images: tf.Tensor, numbers: list[tf.Tensor]) -> tf.Tensor:
        """The part of each image that begins where the numbers say, as shares of the room that there is."""
        lengths, sizes = tf.unstack(tf.shape(images))[1:3], (self.spec.height, self.spec.width)
        rows, columns = (
            _start(number, length - size)[:, tf.newaxis] + tf.range(size)
            for number, length, size in zip(numbers, lengths, sizes, strict=True)
        )
        return pixels(images, rows[:, :, tf.newaxis], columns[:, tf.newaxis, :])

    def _resized(self, images: tf.Tensor) -> tf.Tensor:
        """The largest part in the middle with the ratio of the output, stretched or shrunk."""
        height, width = tf.unstack(tf.shape(images))[1:3]
        rows = tf.clip_by_value(width * self.spec.height // self.spec.width, 1, height)
        columns = tf.clip_by_value(height * self.spec.width // self.spec.height, 1, width)
        images = _stretched(tf.cast(images, tf.float32), 1, (height - rows) // 2, rows, self.spec.height)
        return self.cast(_stretched(images, 2, (width - columns) // 2, columns, self.spec.width))

    def _outputs(self, inputs: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
        return tf.ensure_shape(outputs, self.spec.output_shape(tuple(inputs.shape)))


def _start(numbers: tf.Tensor, room: tf.Tensor) -> tf.Tensor:
    """A whole number from 0 to `room` for each number from 0 to 1, all equally likely; int32."""
    return tf.cast(tf.floor(tf.cast(numbers, tf.float64) * tf.cast(room + 1, tf.float64)), tf.int32)


def _stretched(images: tf.Tensor, axis: int, start: tf.Tensor, length: tf.Tensor, size: int) -> tf.Tensor:
    """`length` places of an axis from `start` on, made `size` places, each from the two that are nearest to its middle."""
    middles = tf.cast((2 * tf.range(size) + 1) * length - size, tf.float64) / (2 * size)
    before, share = parted(tf.clip_by_value(middles, 0.0, tf.cast(length - 1, tf.float64)))
    first, second = (tf.gather(images, start + tf.minimum(before + step, length - 1), axis=axis) for step in (0, 1))
    return mixed(first, second, tf.reshape(share, [-1, *[1] * (3 - axis)]))


class _Warping(Augmentation[SpecType]):
    """Reads the images elsewhere."""

    def changed(self, images: tf.Tensor, numbers: list[tf.Tensor]) -> tf.Tensor:
        """The images as `matrices` says."""
        height, width = (tf.cast(length, tf.float64) for length in tf.unstack(tf.shape(images))[1:3])
        matrices = tf.stack(self.matrices(numbers, height, width), axis=1)
        fill_value = tf.constant(self.spec.fill_value, tf.float32)
        return self.cast(
            warped(tf.cast(images, tf.float32), matrices, fill_value, self.spec.fill_mode, self.spec.interpolation)
        )

    def matrices(self, numbers: list[tf.Tensor], height: tf.Tensor, width: tf.Tensor) -> list[tf.Tensor]:
        """The six numbers [batch] of `netlib.nn.layers.sampling.warped`, float64."""
        raise NotImplementedError(f"{type(self).__name__} does not say where it reads images")


class RandomTranslation(_Warping[spec.RandomTranslation]):
    """Shifts images in training."""

    draws = 2

    def matrices(self, numbers: list[tf.Tensor], height: tf.Tensor, width: tf.Tensor) -> list[tf.Tensor]:
        """Reads as far up as the image is shifted down, and as far left as it is shifted right."""
        down, right = (
            tf.cast(between(bounds, number), tf.float64)
            for bounds, number in zip((self.spec.height_factor, self.spec.width_factor), numbers, strict=True)
        )
        zeros, ones = tf.zeros_like(down), tf.ones_like(down)
        return [ones, zeros, -right * width, zeros, ones, -down * height]


class RandomRotation(_Warping[spec.RandomRotation]):
    """Turns images in training."""

    draws = 1

    def matrices(self, numbers: list[tf.Tensor], height: tf.Tensor, width: tf.Tensor) -> list[tf.Tensor]:
        """A rotation about the middle, counterclockwise."""
        turns = tf.cast(between(self.spec.factor, numbers[0]), tf.float64)
        angle = tf.cast(tf.round(turns * 2.0**_TURN), tf.int32)
        cos, sin = _cosine(angle), _cosine(angle - (1 << _TURN - 2))
        x, y = (width - 1.0) / 2.0, (height - 1.0) / 2.0
        return [cos, -sin, x - x * cos + y * sin, sin, cos, y - x * sin - y * cos]


class RandomZoom(_Warping[spec.RandomZoom]):
    """Shows images smaller or larger in training."""

    draws = 2

    def matrices(self, numbers: list[tf.Tensor], height: tf.Tensor, width: tf.Tensor) -> list[tf.Tensor]:
        """As much more or less of the image about its middle."""
        by_height, by_width = self.spec.height_factor, self.spec.width_factor
        down = 1.0 + tf.cast(between(by_height, numbers[0]), tf.float64)
        across = down if by_width is None else 1.0 + tf.cast(between(by_width, numbers[1]), tf.float64)
        zeros = tf.zeros_like(down)
        x, y = (width - 1.0) / 2.0, (height - 1.0) / 2.0
        return [across, zeros, x * (1.0 - across), zeros, down, y * (1.0 - down)]


def _cosine(angles: tf.Tensor) -> tf.Tensor:
    """Of angles in 2^-_TURN turns (int32), the same everywhere: float64, with 27 bits behind the point; 0 and 1 are exact."""
    within = tf.bitwise.bitwise_and(angles, (1 << _TURN) - 1)
    return tf.round(tf.cast(cosine(within), tf.float64) * 2.0 ** (27 - POINT)) * 2.0**-27
