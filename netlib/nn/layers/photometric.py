"""Layers that change the brightness and contrast of images at random in training: RandomBrightness, RandomContrast."""

from __future__ import annotations

import tensorflow as tf

from netlib.nn.layers.augmentation import Augmentation, between, for_images
from netlib.spec.layers import photometric as spec


class RandomBrightness(Augmentation[spec.RandomBrightness]):
    """Makes images brighter or darker in training."""

    draws = 1

    def changed(self, images: tf.Tensor, numbers: list[tf.Tensor]) -> tf.Tensor:
        """A share of the value range more or less."""
        least, greatest = self.spec.value_range
        share = tf.cast(between(self.spec.factor, numbers[0]), tf.float64)
        added = tf.cast(share * (greatest - least), tf.float32)
        values = tf.cast(images, tf.float32) + for_images(added)
        return self.cast(tf.clip_by_value(values, least, greatest))


class RandomContrast(Augmentation[spec.RandomContrast]):
    """Moves values away from their mean or towards it in training."""

    draws = 1

    def changed(self, images: tf.Tensor, numbers: list[tf.Tensor]) -> tf.Tensor:
        """`(x - mean) * factor + mean`, the mean being that of a channel of an image."""
        lower, upper = self.spec.factor
        factor = tf.cast(for_images(between((1.0 - lower, 1.0 + upper), numbers[0])), tf.float64)
        values = tf.cast(images, tf.float32)
        # In float64 the order in which XLA adds up does not show.
        mean = tf.cast(tf.reduce_mean(tf.cast(values, tf.float64), axis=(1, 2), keepdims=True), tf.float32)
        moved = tf.cast(values - mean, tf.float64) * factor + tf.cast(mean, tf.float64)
        return self.cast(tf.clip_by_value(tf.cast(moved, tf.float32), *self.spec.value_range))
