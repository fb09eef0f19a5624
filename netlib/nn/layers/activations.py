"""Layers that are a function of each value by themselves: ReLU, LeakyReLU, ELU and PReLU; and Softmax, which takes a mask."""

from __future__ import annotations

from typing import Any, TypeVar

import tensorflow as tf

from netlib.nn.keras_objects import activation
from netlib.nn.layer import Layer
from netlib.spec.layers import activations as spec

FunctionType = TypeVar("FunctionType", bound=spec.FunctionSpec)


class _Function(Layer[FunctionType]):
    """Base of the layers that are one activation function with its parameters."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """The same shape."""
        return activation(self.spec.activation)(inputs)


class ReLU(_Function[spec.ReLU]):
    """`max(x, 0)`, with a slope below `threshold` and a ceiling if they are given."""


class LeakyReLU(_Function[spec.LeakyReLU]):
    """`x` above zero, `negative_slope * x` below."""


class ELU(_Function[spec.ELU]):
    """`x` above zero, `alpha * (exp(x) - 1)` below."""


class PReLU(Layer[spec.PReLU]):
    """`x` above zero, `alpha * x` below."""

    alpha: tf.Variable

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """The same shape."""
        return tf.nn.relu(inputs) - self.cast(self.alpha) * tf.nn.relu(-inputs)


class Softmax(Layer[spec.Softmax]):
    """`exp(x)` divided by its sum over some axes; computed in float32 at least.

    >>> from netlib import nn
    >>> scores = tf.zeros([1, 4])
    >>> nn.Softmax()(scores, mask=tf.constant([[True, True, False, False]])).numpy()
    array([[0.5, 0.5, 0. , 0. ]], dtype=float32)
    """

    def call(self, inputs: tf.Tensor, mask: Any = None) -> tf.Tensor:
        """The same shape.

        Args:
            inputs: (batch, ...).
            mask: bool, what to weigh: along the leading axes of the input, as [batch, time]; or of its rank, with axes of its
                lengths or of length 1.
        """
        scores = self.widened(inputs)
        axes = self.spec.axes(tuple(inputs.shape))
        if mask is None:
            return self.cast(_softmax(scores, axes))
        real = _lined_up(mask, inputs)
        weights = _softmax(tf.where(real, scores, scores.dtype.min), axes)
        return self.cast(tf.where(real, weights, 0))


def _softmax(scores: tf.Tensor, axes: list[int]) -> tf.Tensor:
    if len(axes) == 1:
        return tf.nn.softmax(scores, axes[0])
    return tf.exp(scores - tf.reduce_logsumexp(scores, axes, keepdims=True))


def _lined_up(mask: tf.Tensor, inputs: tf.Tensor) -> tf.Tensor:
    """The mask with an axis of length 1 for each that it has not."""
    missing = inputs.shape.rank - mask.shape.rank
    return tf.reshape(mask, [*tf.unstack(tf.shape(mask)), *[1] * missing]) if missing else mask
