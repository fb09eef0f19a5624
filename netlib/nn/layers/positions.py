"""Layers that tell a sequence which place is which: PositionalEmbedding, RotaryEmbedding."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.spec.layers import positions as spec

LONGEST = 10_000.0
"""Ratio of the wavelengths of sinusoidal vectors."""


class PositionalEmbedding(Layer[spec.PositionalEmbedding]):
    """Adds a vector for its place to each place of a sequence. Angles are computed in float32 at least."""

    embeddings: tf.Variable

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(batch, time, features), the same shape."""
        _, time, features = inputs.shape
        rows = self.spec.max_length if time is None else time
        table = self._sinusoids(rows, features) if self.spec.encoding == "sinusoidal" else self.embeddings
        # A slice of this kind fails where there are not so many rows; `table[:time]` would give fewer.
        vectors = tf.slice(table, [0, 0], [tf.shape(inputs)[1] if time is None else time, features])
        return inputs + self.cast(vectors)

    def _sinusoids(self, rows: int, features: int) -> tf.Tensor:
        """[rows, features]"""
        places = np.arange(features)
        angles = self.widened(tf.range(rows))[:, tf.newaxis] * self.widened(LONGEST ** -(places // 2 * 2 / features))
        return tf.where(places % 2 == 0, tf.sin(angles), tf.cos(angles))


class RotaryEmbedding(Layer[spec.RotaryEmbedding]):
    """Turns pairs of features by an angle that grows with their place. Angles are computed in float32 at least."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """The same shape."""
        axes = self.spec.axes(tuple(inputs.shape))
        return turned(inputs, self.spec.max_wavelength, self.spec.scaling_factor, axes)


def turned(inputs: tf.Tensor, max_wavelength: float, scaling_factor: float, axes: tuple[int, int]) -> tf.Tensor:
    """Pairs of features turned by their place; `axes` are those of places and features, counted from the front."""
    sequence, features = axes
    half = inputs.shape[features] // 2
    rates = max_wavelength ** -(np.arange(half) / half) / scaling_factor
    wide = tf.float64 if inputs.dtype == tf.float64 else tf.float32
    angles = tf.tensordot(tf.range(tf.shape(inputs)[sequence], dtype=wide), tf.cast(rates, wide), 0)
    shape = [1] * inputs.shape.rank
    shape[sequence], shape[features] = -1, half
    angles = tf.reshape(angles if sequence < features else tf.transpose(angles), shape)
    cosine, sine = tf.cast(tf.cos(angles), inputs.dtype), tf.cast(tf.sin(angles), inputs.dtype)
    first, second = tf.split(inputs, 2, features)
    return tf.concat([first * cosine - second * sine, second * cosine + first * sine], features)
