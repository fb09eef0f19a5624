"""What functions of single elements and the operators compute."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

_THROUGH_INT32 = (tf.uint8, tf.int8, tf.uint16, tf.int16, tf.uint32)


def _abs(x: tf.Tensor) -> tf.Tensor:
    return x if x.dtype.is_unsigned else tf.abs(x)


def _sign(x: tf.Tensor) -> tf.Tensor:
    return tf.cast(x > 0, x.dtype) if x.dtype.is_unsigned else tf.sign(x)


def _negative(x: tf.Tensor) -> tf.Tensor:
    return (
        x * x.dtype.max if x.dtype.is_unsigned else -x
    )  # graphs rewrite 0 - x as a negation, which no unsigned dtype has


def _power(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    if x.dtype in _THROUGH_INT32:  # for which TensorFlow has no power
        return tf.cast(tf.pow(tf.cast(x, tf.int32), tf.cast(y, tf.int32)), x.dtype)
    return tf.pow(x, y)


def _clip(x: tf.Tensor, x_min: tf.Tensor, x_max: tf.Tensor) -> tf.Tensor:
    return tf.minimum(tf.maximum(x, x_min), x_max)


def _compared(
    compare: Callable[[Any, Any], tf.Tensor], on_bool: Callable[[Any, Any], tf.Tensor]
) -> Callable[..., tf.Tensor]:
    return lambda x, y: on_bool(x, y) if x.dtype == tf.bool else compare(x, y)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": tf.exp,
    "expm1": tf.math.expm1,
    "log": tf.math.log,
    "log1p": tf.math.log1p,
    "sqrt": tf.sqrt,
    "rsqrt": tf.math.rsqrt,
    "reciprocal": tf.math.reciprocal,
    "sin": tf.sin,
    "cos": tf.cos,
    "tan": tf.tan,
    "tanh": tf.tanh,
    "erf": tf.math.erf,
    "floor": tf.floor,
    "ceil": tf.math.ceil,
    "round": tf.round,
    "sigmoid": tf.sigmoid,
    "log_sigmoid": tf.math.log_sigmoid,
    "hard_sigmoid": lambda x: tf.nn.relu6(x + 3) / 6,
    "silu": tf.nn.silu,
    "mish": lambda x: x * tf.tanh(tf.nn.softplus(x)),
    "selu": tf.nn.selu,
    "softplus": tf.nn.softplus,
    "softsign": tf.nn.softsign,
    "abs": _abs,
    "sign": _sign,
    "square": lambda x: x * x,
    "relu": lambda x: x if x.dtype.is_unsigned else tf.nn.relu(x),
    "relu6": tf.nn.relu6,
    "is_finite": tf.math.is_finite,
    "is_nan": tf.math.is_nan,
    "maximum": tf.maximum,
    "minimum": tf.minimum,
    "equal": tf.equal,
    "not_equal": tf.not_equal,
    "less": _compared(tf.less, lambda x, y: ~x & y),
    "less_equal": _compared(tf.less_equal, lambda x, y: ~x | y),
    "greater": _compared(tf.greater, lambda x, y: x & ~y),
    "greater_equal": _compared(tf.greater_equal, lambda x, y: x | ~y),
    "logical_and": tf.logical_and,
    "logical_or": tf.logical_or,
    "logical_xor": tf.math.logical_xor,
    "logical_not": tf.logical_not,
    "gelu": tf.nn.gelu,
    "elu": lambda x, alpha: tf.where(x > 0, x, alpha * tf.math.expm1(tf.minimum(x, 0))),
    "leaky_relu": lambda x, negative_slope: tf.where(x > 0, x, negative_slope * x),
    "clip": _clip,
    "where": tf.where,
}

OPERATORS: dict[str, Callable[..., Any]] = {
    "negative": _negative,
    "+": tf.add,
    "-": tf.subtract,
    "*": tf.multiply,
    "/": tf.truediv,
    "//": tf.math.floordiv,
    "%": tf.math.floormod,
    "**": _power,
}
