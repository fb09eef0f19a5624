"""What is put around before windows slide."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from netlib.spec.layers.windows import Around, Sizes, simplest


def surrounded(
    values: tf.Tensor, padding: Around, spans: Sizes, strides: Sizes, value: Any = 0
) -> tuple[tf.Tensor, str]:
    """The values, and `SAME` or `VALID`, with which a window of these spans and strides does what `padding` says.

    For (batch, *places, channels) with any number of places' axes. Explicit padding is put around where neither is the same. That
    TensorFlow's kernels do it themselves takes up to twice as long (measured on the CPU, with gradients), and XLA cannot for
    pooling.
    """
    rule = simplest(padding, spans, strides)
    if isinstance(rule, str):
        return values, rule.upper()
    return tf.pad(values, [(0, 0), *rule, (0, 0)], constant_values=tf.cast(value, values.dtype)), "VALID"
