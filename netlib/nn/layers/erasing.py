"""A layer that hides parts of images at random in training: RandomErasing."""

from __future__ import annotations

import tensorflow as tf

from netlib.nn.layers.augmentation import Augmentation, between, for_images
from netlib.spec.layers import erasing as spec


class RandomErasing(Augmentation[spec.RandomErasing]):
    """Puts noise or a colour in the place of a rectangle of an image in training."""

    draws = 6

    def changed(self, images: tf.Tensor, numbers: list[tf.Tensor]) -> tf.Tensor:
        """Whether it erases and with which probability, then height and width, then the place down and across."""
        chance, probability, *rectangle = numbers
        erases = chance < between(self.spec.factor, probability)
        return tf.where(for_images(erases) & self._erased(images, rectangle), self._filling(images), images)

    def _erased(self, images: tf.Tensor, numbers: list[tf.Tensor]) -> tf.Tensor:
        """Which pixels lie in the rectangle of each image: (batch, height, width, 1)."""
        tall, wide, down, across = numbers
        height, width = tf.unstack(tf.shape(images))[1:3]
        rows, columns = self._places(height, tall, down), self._places(width, wide, across)
        return rows[:, :, tf.newaxis, tf.newaxis] & columns[:, tf.newaxis, :, tf.newaxis]

    def _places(self, length: tf.Tensor, shares: tf.Tensor, starts: tf.Tensor) -> tf.Tensor:
        """Which places of an axis have their middle in the rectangle of each image: (batch, length)."""
        whole = tf.cast(length, tf.float64)
        size = tf.cast(tf.sqrt(between(self.spec.scale, shares)), tf.float64) * whole
        start = tf.cast(starts, tf.float64) * (whole - size)
        places = tf.cast(tf.range(length), tf.float64) + 0.5
        return (places >= start[:, tf.newaxis]) & (places < (start + size)[:, tf.newaxis])

    def _filling(self, images: tf.Tensor) -> tf.Tensor:
        """What stands in the rectangles, in a shape that broadcasts."""
        least, greatest = self.spec.value_range
        if self.spec.fill_value is not None:
            values = tf.constant(self.spec.fill_value, tf.float32)
        else:
            known = None not in images.shape
            values = self.random_normal("noise", tuple(images.shape) if known else tf.shape(images)) * greatest
        return self.cast(tf.clip_by_value(values, least, greatest))
