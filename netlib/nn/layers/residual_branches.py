"""Layers for the end of a residual branch, before it is added: StochasticDepth, LayerScale."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.spec.layers import residual_branches as spec


class StochasticDepth(Layer[spec.StochasticDepth]):
    """In training, drops whole samples and scales the others up."""

    def call(self, inputs: tf.Tensor, training: Any = False) -> tf.Tensor:
        """The same shape."""
        rate, ones = self.spec.rate, [1] * (inputs.shape.rank - 1)
        if not training or rate == 0:
            return inputs
        keep = self.random_uniform("depth", tf.stack([tf.shape(inputs)[0], *ones])) >= rate
        return tf.where(keep, inputs * (1.0 / (1.0 - rate)), tf.zeros([], inputs.dtype))


class LayerScale(Layer[spec.LayerScale]):
    """Multiplies each channel with a trained factor. Computes in float32 at least: the factor may be too small for float16."""

    gamma: tf.Variable

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """The same shape."""
        return self.cast(self.widened(inputs) * self.gamma)
