"""Sums of products that end in the same bits in eager mode, in a graph, and under XLA."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf


def line(begin: Any, slope: float, numbers: tf.Tensor) -> tf.Tensor:
    """`begin + slope * numbers` of float32 numbers: in float64 the product is exact, so that it does not matter whether XLA
    rounds it before the sum."""
    wide = tf.cast(np.float32(slope), tf.float64) * tf.cast(numbers, tf.float64)
    return tf.cast(tf.cast(tf.cast(begin, tf.float32), tf.float64) + wide, tf.float32)
