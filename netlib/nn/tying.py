"""A weight that is another layer's: found by its path, and used transposed or as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from netlib.nn.tree import Tree


class Transposed:
    """Another layer's variable, with its axes in reversed order wherever it is used. It is no variable, and stands in no tree:
    the other layer saves and trains it.

    >>> variable = tf.Variable([[1.0, 2.0, 3.0]])
    >>> kernel = Transposed(variable)
    >>> kernel.shape, tf.matmul([[1.0, 1.0, 1.0]], kernel).numpy()
    (TensorShape([3, 1]), array([[6.]], dtype=float32))
    """

    def __init__(self, variable: tf.Variable) -> None:
        self.variable = variable

    @property
    def shape(self) -> tf.TensorShape:
        """Its axes."""
        return tf.TensorShape(reversed(self.variable.shape))

    @property
    def dtype(self) -> tf.DType:
        """The variable's."""
        return self.variable.dtype

    def __tf_tensor__(self, dtype: Any = None, name: Any = None) -> tf.Tensor:
        """Its value, wherever TensorFlow asks for a tensor."""
        value = tf.transpose(self.variable, name=name)
        return value if dtype is None else tf.cast(value, dtype)


def variable_at(path: str, layers: Mapping[str, Any]) -> tf.Variable | None:
    """The variable at a path; None if there is none.

    Args:
        path: dotted, from the outermost network.
        layers: built ones by their paths.
    """
    parts = path.split(".")
    for end in range(len(parts), 0, -1):
        layer = layers.get(".".join(parts[:end]))
        if layer is not None:
            rest = ".".join(parts[end:])
            found = (entry.value for entry in Tree(layer).variables if rest in entry.paths)
            return next(found, None)
    return None
