"""What functions compute that make one tensor of several or several of one, and that choose elements."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import tensorflow as tf


def _split(x: tf.Tensor, sections: int | tuple[int, ...], axis: int) -> list[tf.Tensor]:
    if isinstance(sections, int):
        return list(tf.split(x, sections, axis))
    edges = [0, *sections, None]
    place = axis % x.shape.rank
    return [_part(x, place, slice(start, stop)) for start, stop in pairwise(edges)]


def _part(x: tf.Tensor, axis: int, part: slice) -> tf.Tensor:
    return x[(*[slice(None)] * axis, part)]


def _take(x: tf.Tensor, indices: tf.Tensor, axis: int) -> tf.Tensor:
    return tf.gather(x, _as_indices(indices), axis=axis)


def _take_along_axis(x: tf.Tensor, indices: tf.Tensor, axis: int) -> tf.Tensor:
    rank = x.shape.rank
    order = [i for i in range(rank) if i != axis % rank] + [axis % rank]
    last, chosen = tf.transpose(x, order), tf.transpose(_as_indices(indices), order)
    found = tf.gather(last, chosen, batch_dims=rank - 1)
    return tf.transpose(found, [order.index(i) for i in range(rank)])


def _as_indices(indices: tf.Tensor) -> tf.Tensor:
    return indices if indices.dtype in (tf.int32, tf.int64) else tf.cast(indices, tf.int64)


def _one_hot(x: tf.Tensor, num_classes: int, dtype: str) -> tf.Tensor:
    return tf.one_hot(_as_indices(x), num_classes, dtype=dtype)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "concatenate": tf.concat,
    "stack": tf.stack,
    "split": _split,
    "unstack": lambda x, axis: tf.unstack(x, axis=axis),
    "take": _take,
    "take_along_axis": _take_along_axis,
    "one_hot": _one_hot,
}

INDEXING: dict[str, Callable[..., Any]] = {"[]": lambda x, index: x[index] if index else x}
