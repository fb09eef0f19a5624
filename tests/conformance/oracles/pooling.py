"""What Keras computes for the layers of `spec/layers/pooling.py`."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from oracles.padding import namesake, padded_first


def _padded_with_the_least(name: str, arguments: dict[str, Any]) -> Any:
    """Only zeros can be put around by Keras: the numbers are made positive before, and brought back afterwards."""
    sides = arguments["padding"]
    if isinstance(sides, str):
        return namesake(name, arguments)
    up, down = keras.layers.Rescaling(1.0, offset=8.0), keras.layers.Rescaling(1.0, offset=-8.0)
    return keras.Sequential([up, padded_first(name, arguments), down])


class MeanWithin(keras.layers.Layer):
    """The mean of what a window has of its input: the ratio of means over what is padded, of it and of ones in its place."""

    def __init__(self, name: str, arguments: dict[str, Any]) -> None:
        super().__init__()
        self.means = padded_first(name, arguments)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return self.means(inputs) / self.means(tf.ones_like(inputs))

    def compute_output_shape(self, shape: Any) -> Any:
        return self.means.compute_output_shape(shape)


def _average(name: str, arguments: dict[str, Any]) -> Any:
    counts = arguments.pop("count_padding") or isinstance(arguments["padding"], str)
    return padded_first(name, arguments) if counts else MeanWithin(name, arguments)


_AXES = ("1D", "2D", "3D")
ORACLES = {
    **{f"MaxPooling{axes}": _padded_with_the_least for axes in _AXES},
    **{f"AveragePooling{axes}": _average for axes in _AXES},
}
OWN_PARAMETERS = {f"AveragePooling{axes}": {"count_padding"} for axes in _AXES}
