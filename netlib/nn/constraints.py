"""What weights must satisfy after every update, where Keras has no such constraint: Clip."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


class Clip(keras.constraints.Constraint):
    """Every value between `min_value` and `max_value`.

    >>> Clip(-1.0, 1.0)(tf.constant([-3.0, 0.5])).numpy()
    array([-1. ,  0.5], dtype=float32)
    """

    def __init__(self, min_value: float, max_value: float) -> None:
        self.min_value = min_value
        self.max_value = max_value

    def __call__(self, w: Any) -> tf.Tensor:
        """The weight `w`, its values brought to the limits."""
        return tf.clip_by_value(w, self.min_value, self.max_value)

    def get_config(self) -> dict[str, float]:
        """The limits."""
        return {"min_value": self.min_value, "max_value": self.max_value}
