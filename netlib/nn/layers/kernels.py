"""What the layers that slide a kernel over the axes of their input share: how they end, and lengths that a graph may not know."""

from __future__ import annotations

from typing import Any, TypeVar

import tensorflow as tf

from netlib.nn.keras_objects import activation
from netlib.nn.layer import Layer
from netlib.nn.layers.bias import biased
from netlib.spec.layers import kernels as spec

FinishedSpec = TypeVar("FinishedSpec", bound=spec.Finished)


class Finished(Layer[FinishedSpec]):
    """A layer that adds a bias and applies a function in the end."""

    bias: tf.Variable

    def finished(self, outputs: tf.Tensor) -> tf.Tensor:
        """The outputs with bias and activation."""
        if self.spec.use_bias:
            outputs = biased(outputs, self.cast(self.bias))
        return activation(self.spec.activation)(outputs)


def lengths(inputs: tf.Tensor) -> list[Any]:
    """Lengths of the axes between batch and channels: numbers, or scalar tensors where the graph does not know them."""
    counted = tf.unstack(tf.shape(inputs))[1:-1]
    return [given if known is None else known for given, known in zip(counted, inputs.shape[1:-1], strict=True)]
