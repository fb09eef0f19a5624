"""`GraphStep`: what a preprocessing step computes in a graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from netlib.spec.features import Feature, PreprocessingSpec


class GraphStep(tf.Module):
    """A fitted step, called with a tensor of values, the first axis being the rows.

    Args:
        spec: what the step is.
        learned: what it learned of the training split.
        feature: what it reads; integers that may be missing come as float64.
    """

    def __init__(self, spec: PreprocessingSpec, learned: Mapping[str, Any], feature: Feature) -> None:
        super().__init__(name=type(spec).__name__.lower())
        self.spec: Any = spec

    def __call__(self, values: tf.Tensor) -> tf.Tensor:
        """What the step makes of the values."""
        raise NotImplementedError


def kept(values: Any, dtype: Any = np.float32) -> tf.Variable:
    """Numbers that a step computes with. A variable: TensorFlow would fold constants into one another, and change last bits."""
    return tf.Variable(np.asarray(values, dtype), trainable=False)


def table(keys: Sequence[Any], numbers: Sequence[int], dtype: Any, default: int = 0) -> tf.lookup.StaticHashTable:
    """Gives the int32 number of a key, `default` for any other."""
    if not keys:  # TensorFlow has no empty table
        keys, numbers = ["" if dtype == tf.string else 0], [default]
    pairs = tf.lookup.KeyValueTensorInitializer(tf.constant(list(keys), dtype), tf.constant(list(numbers), tf.int32))
    return tf.lookup.StaticHashTable(pairs, default)


def refuse(wrong: tf.Tensor, message: str, values: tf.Tensor) -> None:
    """Fails where one of `wrong` is true, and shows the values there."""
    tf.debugging.Assert(~tf.reduce_any(wrong), [message, tf.boolean_mask(values, wrong)])
