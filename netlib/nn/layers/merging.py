"""Layers that make one tensor of several: by their elements (Add and its like), one behind the other, stacked, or multiplied."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.spec.layers import merging as spec


class Add(Layer[spec.Add]):
    """The sum of its inputs."""

    def call(self, *inputs: tf.Tensor) -> tf.Tensor:
        """The common shape."""
        return _elementwise(tf.add, inputs)


class Subtract(Layer[spec.Subtract]):
    """The first input minus the second."""

    def call(self, *inputs: tf.Tensor) -> tf.Tensor:
        """The common shape."""
        return _elementwise(tf.subtract, inputs)


class Multiply(Layer[spec.Multiply]):
    """The product of its inputs."""

    def call(self, *inputs: tf.Tensor) -> tf.Tensor:
        """The common shape."""
        return _elementwise(tf.multiply, inputs)


class Average(Layer[spec.Average]):
    """The mean of its inputs."""

    def call(self, *inputs: tf.Tensor) -> tf.Tensor:
        """The common shape."""
        return _elementwise(tf.add, inputs) / len(inputs)


class Maximum(Layer[spec.Maximum]):
    """The largest of its inputs."""

    def call(self, *inputs: tf.Tensor) -> tf.Tensor:
        """The common shape."""
        return _elementwise(tf.maximum, inputs)


class Minimum(Layer[spec.Minimum]):
    """The smallest of its inputs."""

    def call(self, *inputs: tf.Tensor) -> tf.Tensor:
        """The common shape."""
        return _elementwise(tf.minimum, inputs)


class Concatenate(Layer[spec.Concatenate]):
    """Its inputs one behind the other."""

    def call(self, *inputs: tf.Tensor) -> tf.Tensor:
        """The common shape, with the lengths along the axis added."""
        return tf.concat(inputs, axis=self.spec.axis)

    def compute_mask(self, *inputs: tf.Tensor, mask: Any = None) -> Any:
        """One behind the other along the time axis; along a later one the places that all have."""
        if self.spec.axis % inputs[0].shape.rank != 1:
            return super().compute_mask(*inputs, mask=mask)
        masks = mask if isinstance(mask, tuple) else (mask,)
        if all(each is None for each in masks):
            return None
        pairs = zip(inputs, masks, strict=True)
        return tf.concat([tf.ones(tf.shape(x)[:2], tf.bool) if each is None else each for x, each in pairs], axis=1)


class Stack(Layer[spec.Stack]):
    """Its inputs side by side along a new axis."""

    def call(self, *inputs: tf.Tensor) -> tf.Tensor:
        """The common shape, with the new axis."""
        return tf.stack(inputs, axis=self.spec.axis)

    def compute_mask(self, *inputs: tf.Tensor, mask: Any = None) -> Any:
        """The places that all have; None where the new axis is the one after the batch."""
        kept = self.spec.place(inputs[0].shape.rank) > 1
        return super().compute_mask(*inputs, mask=mask) if kept else None


class Dot(Layer[spec.Dot]):
    """The scalar products of vectors of two inputs."""

    def call(self, *inputs: tf.Tensor) -> tf.Tensor:
        """(batch, the other axes of the first, the other axes of the second)."""
        axes = self.spec.places(*(tuple(tensor.shape) for tensor in inputs))
        if self.spec.normalize:
            inputs = tuple(tf.math.l2_normalize(x, axis) for x, axis in zip(inputs, axes, strict=True))
        letters = iter("cdefghijklmnopqrstuvwxyz")
        first, second = (
            ["a", *("b" if i == axis else next(letters) for i in range(1, x.shape.rank))]
            for x, axis in zip(inputs, axes, strict=True)
        )
        free = [letter for letter in first[1:] + second[1:] if letter != "b"]
        outputs = tf.einsum(f"{''.join(first)},{''.join(second)}->a{''.join(free)}", *inputs)
        return outputs if free else tf.expand_dims(outputs, axis=1)


def _elementwise(function: Callable[..., tf.Tensor], inputs: tuple[tf.Tensor, ...]) -> tf.Tensor:
    rank = max(tensor.shape.rank for tensor in inputs)
    return reduce(function, (_padded(tensor, rank) for tensor in inputs))


def _padded(tensor: tf.Tensor, rank: int) -> tf.Tensor:
    """With axes of length 1 after the batch, up to that rank."""
    for _ in range(rank - tensor.shape.rank):
        tensor = tf.expand_dims(tensor, axis=1)
    return tensor
