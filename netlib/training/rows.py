"""From values of a batch to one for each sample, and what each place counts where a mask says which are real."""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf


class Part(NamedTuple):
    """Values of a loss, float32 [rows, ...], with their factor in it; `mask` [rows, time] says which places are real, if one
    does."""

    factor: float
    values: tf.Tensor
    mask: tf.Tensor | None

    def rows(self, weights: Any) -> tf.Tensor:
        """What it adds to the loss of each row, [rows]; see `row_means`."""
        return self.factor * row_means(self.values, self.mask, weights)


def row_means(values: tf.Tensor, mask: tf.Tensor | None, weights: Any) -> tf.Tensor:
    """The means over all axes but the first, [rows]; over the real places where there is a `mask` [rows, time].

    A row then weighs as much as it has real places: the mean over the rows, weighted by `weights` (None or [rows]), is that over
    the real places of the batch, as in Keras.
    """
    if mask is None:
        return tf.reduce_mean(values, axis=tuple(range(1, values.shape.rank)))
    values = tf.reduce_mean(values, axis=tuple(range(2, values.shape.rank)))
    real = tf.cast(mask, values.dtype)
    by_row = tf.ones_like(real[:, 0]) if weights is None else weights
    places = tf.math.divide_no_nan(tf.reduce_sum(by_row * tf.reduce_sum(real, axis=1)), tf.reduce_sum(by_row))
    return tf.math.divide_no_nan(tf.reduce_sum(values * real, axis=1), places)


def sum_of_weights(weights: Any, rows: int) -> tf.Tensor:
    """What so many rows count: their number, where they have no weights."""
    return tf.constant(float(rows)) if weights is None else tf.reduce_sum(weights)


def place_weights(mask: tf.Tensor, weights: Any) -> tf.Tensor:
    """What each place counts, float32 [rows, time]: the weight of its sample if it is real, else nothing."""
    real = tf.cast(mask, tf.float32)
    return real if weights is None else real * weights[:, None]
