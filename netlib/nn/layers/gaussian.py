"""Layers that add normal noise in training, or multiply with it: GaussianNoise, GaussianDropout."""

from __future__ import annotations

from math import sqrt
from typing import Any

import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.nn.rounding import line
from netlib.spec.layers import gaussian as spec


class GaussianNoise(Layer[spec.GaussianNoise]):
    """In training, adds normal noise."""

    def call(self, inputs: tf.Tensor, training: Any = False) -> tf.Tensor:
        """The same shape."""
        if not training or self.spec.stddev == 0:
            return inputs
        return self.cast(line(inputs, self.spec.stddev, self.random_normal("noise", tf.shape(inputs))))


class GaussianDropout(Layer[spec.GaussianDropout]):
    """In training, multiplies with normal noise."""

    def call(self, inputs: tf.Tensor, training: Any = False) -> tf.Tensor:
        """The same shape."""
        if not training or self.spec.rate == 0:
            return inputs
        stddev = sqrt(self.spec.rate / (1.0 - self.spec.rate))
        return inputs * self.cast(line(1.0, stddev, self.random_normal("dropout", tf.shape(inputs))))
