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
    """The mean of what a window has of an image: the ratio of a convolution with ones to how much there is."""

    def __init__(self, size: tuple[int, int], strides: tuple[int, int] | None, sides: Any) -> None:
        super().__init__()
        self.options = {"strides": strides or size, "padding": "valid"}
        self.around = keras.layers.ZeroPadding2D(sides)
        self.pool = keras.layers.AveragePooling2D(size, **self.options)
        self.size = size

    def _sums(self, images: tf.Tensor) -> tf.Tensor:
        channels = images.shape[-1]
        ones = tf.ones((*self.size, 1, 1))
        parts = [keras.ops.conv(self.around(part), ones, **self.options) for part in tf.split(images, channels, -1)]
        return tf.concat(parts, -1)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return self._sums(inputs) / self._sums(tf.ones_like(inputs))

    def compute_output_shape(self, shape: Any) -> Any:
        return self.pool.compute_output_shape(self.around.compute_output_shape(shape))


def _average(name: str, arguments: dict[str, Any]) -> Any:
    counts, sides = arguments.pop("count_padding"), arguments["padding"]
    if counts or isinstance(sides, str):
        return padded_first(name, arguments)
    return MeanWithin(arguments["pool_size"], arguments["strides"], sides)


ORACLES = {"MaxPooling2D": _padded_with_the_least, "AveragePooling2D": _average}
OWN_PARAMETERS = {"AveragePooling2D": {"count_padding"}}
