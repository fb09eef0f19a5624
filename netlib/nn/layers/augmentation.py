"""What the layers that change images at random share: when they do, and how they draw.

Eager mode, a graph and XLA give the same bits: XLA joins a product and a sum into one operation, which rounds once. Where that
would tell, numbers are kept so short that their product is exact in float64.
"""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.spec.layers.augmentation import AugmentationSpec, Bounds

SpecType = TypeVar("SpecType", bound=AugmentationSpec)


class Augmentation(Layer[SpecType]):
    """Changes images in training, each by `draws` numbers of its own."""

    draws: ClassVar[int]

    def call(self, inputs: tf.Tensor, training: Any = False) -> tf.Tensor:
        """(batch, height, width, channels)."""
        if not training:
            return inputs
        return tf.ensure_shape(self.changed(inputs, self.drawn(inputs)), inputs.shape)

    def changed(self, images: tf.Tensor, numbers: list[tf.Tensor]) -> tf.Tensor:
        """The images, each changed as its numbers in [0, 1) say; `numbers` has `draws` tensors [batch]."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it makes of images")

    def drawn(self, images: tf.Tensor) -> list[tf.Tensor]:
        """So many numbers in [0, 1) for each image: float32 [batch]."""
        batch = images.shape[0]
        shape = tf.stack([tf.shape(images)[0], self.draws]) if batch is None else (batch, self.draws)
        return list(tf.unstack(self.random_uniform("augmentation", shape), num=self.draws, axis=1))


def between(bounds: Bounds, numbers: tf.Tensor) -> tf.Tensor:
    """Numbers from 0 to 1 brought between the bounds, float32."""
    lower, upper = bounds
    width = tf.cast(tf.constant(upper - lower, tf.float32), tf.float64)
    return tf.cast(lower + width * tf.cast(numbers, tf.float64), tf.float32)


def for_images(numbers: tf.Tensor) -> tf.Tensor:
    """A number for each image, in a shape that broadcasts: (batch, 1, 1, 1)."""
    return numbers[:, tf.newaxis, tf.newaxis, tf.newaxis]
