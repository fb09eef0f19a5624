"""What functions along axes compute."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from netlib.spec.tensor_functions.reductions import norm_axes

Axes = tuple[int, ...] | None


def _norm(x: tf.Tensor, axis: Axes, keepdims: bool, ord: float) -> tf.Tensor:
    axis = norm_axes(axis, x.shape.rank)
    if ord == 2:
        return _root(tf.reduce_sum(x * x, axis, keepdims))
    reduce = tf.reduce_sum if ord == 1 else tf.reduce_max
    return reduce(tf.abs(x), axis, keepdims)


def _root(x: tf.Tensor) -> tf.Tensor:
    """The square root, with the derivative 0 at 0, of what a norm has all: that of the root itself is infinite there, and
    infinity times 0, which comes next in the chain rule, is no number. Both branches of a `where` are derived."""
    positive = x > 0
    return tf.where(positive, tf.sqrt(tf.where(positive, x, tf.ones_like(x))), tf.zeros_like(x))


def _position_of(find: Callable[..., tf.Tensor]) -> Callable[..., tf.Tensor]:
    def found(x: tf.Tensor, axis: int, keepdims: bool) -> tf.Tensor:
        result = find(x, axis, output_type=tf.int32)
        return tf.expand_dims(result, axis) if keepdims else result

    return found


def _direction(descending: bool) -> str:
    return "DESCENDING" if descending else "ASCENDING"


def _sort(x: tf.Tensor, axis: int, descending: bool) -> tf.Tensor:
    return tf.sort(x, axis, _direction(descending))


def _argsort(x: tf.Tensor, axis: int, descending: bool) -> tf.Tensor:
    return tf.argsort(x, axis, _direction(descending), stable=True)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sum": tf.reduce_sum,
    "prod": tf.reduce_prod,
    "max": tf.reduce_max,
    "min": tf.reduce_min,
    "mean": tf.reduce_mean,
    "variance": tf.math.reduce_variance,
    "std": tf.math.reduce_std,
    "logsumexp": tf.reduce_logsumexp,
    "any": tf.reduce_any,
    "all": tf.reduce_all,
    "count_nonzero": lambda x, axis, keepdims: tf.math.count_nonzero(x, axis, keepdims, tf.int32),
    "softmax": tf.nn.softmax,
    "log_softmax": tf.nn.log_softmax,
    "l2_normalize": tf.math.l2_normalize,
    "cumsum": tf.cumsum,
    "cumprod": tf.math.cumprod,
    "norm": _norm,
    "moments": lambda x, axis, keepdims: [
        tf.reduce_mean(x, axis, keepdims),
        tf.math.reduce_variance(x, axis, keepdims),
    ],
    "argmax": _position_of(tf.argmax),
    "argmin": _position_of(tf.argmin),
    "sort": _sort,
    "argsort": _argsort,
    "top_k": lambda x, k: list(tf.math.top_k(x, k)),
}
