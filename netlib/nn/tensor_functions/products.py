"""What products of matrices compute."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf


def _matmul(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    left, right = x.shape.rank, y.shape.rank
    if left >= 2 and right >= 2 and not (left > 2 and right == 2):
        return tf.matmul(x, y)
    if right <= 2:  # one large product instead of many small ones
        return tf.tensordot(x, y, [[left - 1], [0]])
    return tf.squeeze(tf.matmul(tf.expand_dims(x, 0), y), -2)


def _dot(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    return tf.tensordot(x, y, [[x.shape.rank - 1], [max(y.shape.rank - 2, 0)]])


def _outer(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    return tf.expand_dims(x, -1) * tf.expand_dims(y, -2)


def _einsum(equation: str, operands: list[tf.Tensor]) -> tf.Tensor:
    return tf.einsum(equation.replace(" ", ""), *operands)


FUNCTIONS: dict[str, Callable[..., Any]] = {"matmul": _matmul, "dot": _dot, "outer": _outer, "einsum": _einsum}
