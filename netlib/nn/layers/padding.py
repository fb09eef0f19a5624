"""What is put around an image: the layer ZeroPadding2D, and the padding of windows that slide."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.spec.layers import padding as spec
from netlib.spec.layers.windows import Around, simplest
from netlib.spec.types import Pair


class ZeroPadding2D(Layer[spec.ZeroPadding2D]):
    """Zeros around an image."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(batch, height, width, channels), height and width grown."""
        return tf.pad(inputs, [(0, 0), *self.spec.padding, (0, 0)])


def surrounded(images: tf.Tensor, padding: Around, spans: Pair, strides: Pair, value: Any = 0) -> tuple[tf.Tensor, str]:
    """The images, and `SAME` or `VALID`, with which a window of these spans and strides does what `padding` says.

    Explicit padding is put around where neither is the same. That TensorFlow's kernels do it themselves takes up to twice as long
    (measured on the CPU, with gradients), and XLA cannot for pooling.
    """
    rule = simplest(padding, spans, strides)
    if isinstance(rule, str):
        return images, rule.upper()
    return tf.pad(images, [(0, 0), *rule, (0, 0)], constant_values=tf.cast(value, images.dtype)), "VALID"
