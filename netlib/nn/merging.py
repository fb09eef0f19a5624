"""Layers that make one tensor of several: Add, Concatenate."""

from __future__ import annotations

from functools import reduce

import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.spec import merging as spec


class Add(Layer[spec.Add]):
    """The sum of its inputs."""

    def call(self, *inputs: tf.Tensor) -> tf.Tensor:
        """The common shape."""
        rank = max(tensor.shape.rank for tensor in inputs)
        return reduce(tf.add, (_padded(tensor, rank) for tensor in inputs))


class Concatenate(Layer[spec.Concatenate]):
    """Its inputs one behind the other."""

    def call(self, *inputs: tf.Tensor) -> tf.Tensor:
        """The common shape, with the lengths along the axis added."""
        return tf.concat(inputs, axis=self.spec.axis)


def _padded(tensor: tf.Tensor, rank: int) -> tf.Tensor:
    """With axes of length 1 after the batch, up to that rank."""
    for _ in range(rank - tensor.shape.rank):
        tensor = tf.expand_dims(tensor, axis=1)
    return tensor
