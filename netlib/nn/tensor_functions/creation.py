"""What functions compute that make tensors of nothing or like others, and that change a tensor's dtype."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf


def _like(v: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    return tf.broadcast_to(v, tf.concat([tf.shape(x)[:1], tf.shape(v)], axis=0))


def _size(x: tf.Tensor, axis: int) -> Any:
    """A number where the shape tells; a graph may know less of a shape than the inference before it did."""
    return tf.shape(x)[axis] if x.shape[axis] is None else x.shape[axis]


def _range(start: int, stop: int | None, step: int) -> tf.Tensor:
    numbers = range(start) if stop is None else range(start, stop, step)
    return tf.range(numbers.start, numbers.stop, step) if numbers else tf.zeros([0], tf.int32)


def _full(shape: tuple[int, ...], value: float, dtype: str) -> tf.Tensor:
    return tf.fill(shape, tf.cast(value, dtype))


def _to_int(x: tf.Tensor) -> tf.Tensor:
    return tf.cast(x, tf.int32)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "zeros": tf.zeros,
    "ones": tf.ones,
    "full": _full,
    "eye": lambda n, m, dtype: tf.eye(n, m, dtype=dtype),
    "range": _range,
    "zeros_like": tf.zeros_like,
    "ones_like": tf.ones_like,
    "like": _like,
    "stop_gradient": tf.stop_gradient,
    "size": _size,
    "cast": tf.cast,
    "float": tf.identity,
    "int": _to_int,
    "bool": lambda x: tf.cast(x, tf.bool),
}
