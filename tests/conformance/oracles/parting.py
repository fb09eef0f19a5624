"""What Keras computes for the layers of `spec/layers/parting.py`."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import keras
import tensorflow as tf


class Split(keras.layers.Layer):
    """Keras has the operation alone, which takes the places where it cuts."""

    def __init__(self, parts: int | tuple[int, ...], axis: int) -> None:
        super().__init__()
        self.parts = parts
        self.axis = axis

    def call(self, inputs: tf.Tensor) -> list[tf.Tensor]:
        if isinstance(self.parts, int):
            return list(keras.ops.split(inputs, self.parts, axis=self.axis))
        rest = inputs.shape[self.axis] - sum(part for part in self.parts if part > 0)
        lengths = [rest if part == -1 else part for part in self.parts]
        return list(keras.ops.split(inputs, list(accumulate(lengths))[:-1], axis=self.axis))

    def compute_output_shape(self, shape: Any) -> Any:
        if shape[self.axis] is None:  # then Keras does not know how many places the last cut leaves
            lengths = [None] * self.parts if isinstance(self.parts, int) else self.parts
            axis = self.axis % len(shape)
            return [(*shape[:axis], None if each == -1 else each, *shape[axis + 1 :]) for each in lengths]
        return [each.shape for each in self.call(keras.KerasTensor(shape))]


ORACLES = {"Split": lambda _, arguments: Split(**arguments)}
