"""Reads images at any places, between their pixels and outside of them: what the layers that move images about share.

Compiled by itself, for it is many small operations: in a graph on the CPU it takes a quarter of the time of
`ImageProjectiveTransformV3`, which XLA has not; with a gradient to the images one and a half times as long.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

_FINEST = 2.0**24
"""Shares are multiples of 1 / _FINEST: their products with float32 numbers are exact in float64."""


@tf.function(jit_compile=True, autograph=False)
def warped(
    images: tf.Tensor, matrices: tf.Tensor, fill_value: tf.Tensor, fill_mode: str, interpolation: str
) -> tf.Tensor:
    """Images that have at (x, y) what the given ones have at (a x + b y + c, d x + e y + f).

    Args:
        images: float32 [batch, height, width, channels].
        matrices: a to f for each image, float64 [batch, 6]; a, b, d and e with at most 40 bits each.
        fill_value: what lies outside where `fill_mode` is `constant`.
        fill_mode: what lies outside: `reflect`, `wrap`, `nearest` or `constant`.
        interpolation: what lies between pixels: `nearest` or `bilinear`.
    """
    _, height, width, _ = tf.unstack(tf.shape(images))
    x = tf.cast(tf.range(width), tf.float64)[tf.newaxis, tf.newaxis, :]
    y = tf.cast(tf.range(height), tf.float64)[tf.newaxis, :, tf.newaxis]
    a, b, c, d, e, f = (each[:, tf.newaxis, tf.newaxis] for each in tf.unstack(matrices, num=6, axis=1))
    columns, rows = a * x + (b * y + c), d * x + (e * y + f)
    read = _reader(images, fill_value, fill_mode)
    if interpolation == "nearest":
        return read(_rounded(rows), _rounded(columns))
    row, below = parted(rows)
    column, beside = parted(columns)
    upper = mixed(read(row, column), read(row, column + 1), beside)
    lower = mixed(read(row + 1, column), read(row + 1, column + 1), beside)
    return mixed(upper, lower, below)


def pixels(images: tf.Tensor, rows: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    """The pixels [batch, ..., channels] at these places (int32 [batch, ...], inside of the images)."""
    batch, height, width, channels = tf.unstack(tf.shape(images))
    flat = tf.reshape(images, [batch, height * width, channels])
    return tf.gather(flat, rows * width + columns, batch_dims=1)


def parted(places: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The whole number before a place, int32, and how far behind that it is, float64 with an axis for the channels."""
    whole = tf.floor(places)
    share = tf.floor((places - whole) * _FINEST) / _FINEST
    return tf.cast(whole, tf.int32), share[..., tf.newaxis]


def mixed(first: tf.Tensor, second: tf.Tensor, share: tf.Tensor) -> tf.Tensor:
    """The first, and that share of the second instead; float32, rounded alike wherever it is computed."""
    first, second = tf.cast(first, tf.float64), tf.cast(second, tf.float64)
    return tf.cast(first * (1.0 - share) + second * share, tf.float32)


def _reader(images: tf.Tensor, fill_value: tf.Tensor, fill_mode: str) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """Gives pixels at whole places, which may lie outside."""
    _, height, width, _ = tf.unstack(tf.shape(images))
    inside = _INSIDE[fill_mode]

    def read(rows: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
        found = pixels(images, inside(rows, height), inside(columns, width))
        if fill_mode != "constant":
            return found
        real = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
        return tf.where(real[..., tf.newaxis], found, fill_value)

    return read


def _reflected(places: tf.Tensor, length: tf.Tensor) -> tf.Tensor:
    places = tf.math.floormod(places, 2 * length)
    return tf.minimum(places, 2 * length - 1 - places)


def _clipped(places: tf.Tensor, length: tf.Tensor) -> tf.Tensor:
    return tf.clip_by_value(places, 0, length - 1)


_INSIDE: dict[str, Callable[[tf.Tensor, tf.Tensor], Any]] = {
    "reflect": _reflected,
    "wrap": tf.math.floormod,
    "nearest": _clipped,
    "constant": _clipped,
}
"""The place on an axis of that length whose pixel stands at a place that may lie outside."""


def _rounded(places: tf.Tensor) -> tf.Tensor:
    """To the nearest whole number, away from zero where two are; int32."""
    return tf.cast(tf.sign(places) * tf.floor(tf.abs(places) + 0.5), tf.int32)
