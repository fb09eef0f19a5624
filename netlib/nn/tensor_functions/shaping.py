"""What functions compute that put the elements of one tensor into another shape or order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

Sizes = tuple[int | None, ...]


def _lengths(x: tf.Tensor, shape: Sizes, before: int = 0) -> list[Any]:
    """The shape with the lengths that x has in place of null; `before` is how many axes come before those of x."""
    return [size if size is not None else _length(x, i - before) for i, size in enumerate(shape)]


def _length(x: tf.Tensor, axis: int) -> Any:
    known = x.shape[axis]
    return tf.shape(x)[axis] if known is None else known


def _reshape(x: tf.Tensor, shape: Sizes) -> tf.Tensor:
    return tf.reshape(x, _lengths(x, shape))


def _broadcast_to(x: tf.Tensor, shape: Sizes) -> tf.Tensor:
    return tf.broadcast_to(x, _lengths(x, shape, len(shape) - x.shape.rank))


def _swapaxes(x: tf.Tensor, axis1: int, axis2: int) -> tf.Tensor:
    order = list(range(x.shape.rank))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return tf.transpose(x, order)


def _transpose(x: tf.Tensor, axes: tuple[int, ...] | None) -> tf.Tensor:
    return tf.transpose(x, None if axes is None else [axis % x.shape.rank for axis in axes])


def _pad(x: tf.Tensor, paddings: tuple[tuple[int, int], ...], mode: str, value: float) -> tf.Tensor:
    return tf.pad(x, paddings, mode.upper(), tf.cast(value, x.dtype)) if paddings else x


def _triangle(keep: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]) -> Callable[[tf.Tensor, int], tf.Tensor]:
    def triangle(x: tf.Tensor, k: int) -> tf.Tensor:
        rows = tf.range(_length(x, -2))[:, tf.newaxis]
        columns = tf.range(_length(x, -1))[tf.newaxis]
        return tf.where(keep(columns - rows, tf.constant(k)), x, tf.zeros_like(x))

    return triangle


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "reshape": _reshape,
    "transpose": _transpose,
    "swapaxes": _swapaxes,
    "expand_dims": tf.expand_dims,
    "squeeze": tf.squeeze,
    "tile": lambda x, repeats: tf.tile(x, repeats) if repeats else x,
    "repeat": tf.repeat,
    "broadcast_to": _broadcast_to,
    "pad": _pad,
    "roll": tf.roll,
    "flip": lambda x, axis: tf.reverse(x, [axis]),
    "triu": _triangle(tf.greater_equal),
    "tril": _triangle(tf.less_equal),
}
