"""Keras's GroupQueryAttention, whose heads are turned by their places: Keras has nothing like it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf


def turned(values: tf.Tensor, max_wavelength: float, scaling_factor: float) -> tf.Tensor:
    """[batch, time, heads, size]: features i and i + size / 2 as a complex number, times one of length 1."""
    half = values.shape[-1] // 2
    places = tf.range(tf.shape(values)[1], dtype=values.dtype) / scaling_factor
    angles = places[:, tf.newaxis, tf.newaxis] / tf.cast(max_wavelength ** (np.arange(half) / half), values.dtype)
    pairs = tf.complex(values[..., :half], values[..., half:]) * tf.exp(tf.complex(tf.zeros_like(angles), angles))
    return tf.concat([tf.math.real(pairs), tf.math.imag(pairs)], -1)


class TurnedAttention(keras.layers.GroupQueryAttention):
    """What it does behind the projections is given turned queries and keys."""

    def __init__(self, rotary: Any, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.rotary = rotary

    def _compute_attention(self, query: Any, key: Any, value: Any, **options: Any) -> Any:
        how = (self.rotary.max_wavelength, self.rotary.scaling_factor)
        return super()._compute_attention(turned(query, *how), turned(key, *how), value, **options)
