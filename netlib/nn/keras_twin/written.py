"""Layers that Keras has not, as somebody who uses Keras writes them: a few lines each, of Keras's pieces alone."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np


class PositionEmbedding(keras.layers.Layer):
    """Adds row t of a trained table to place t of a sequence (batch, time, features)."""

    def __init__(self, max_length: int, table: dict[str, Any], **options: Any) -> None:
        super().__init__(**options)
        self.supports_masking = True
        self.max_length = max_length
        self.table = table

    def build(self, input_shape: Any) -> None:
        """Makes `embeddings` (max_length, features)."""
        self.embeddings = self.add_weight(shape=(self.max_length, input_shape[-1]), name="embeddings", **self.table)

    def call(self, inputs: Any) -> Any:
        """The same shape."""
        return inputs + self.embeddings[: keras.ops.shape(inputs)[1]]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's."""
        return input_shape


class SinusoidalEncoding(keras.layers.Layer):
    """Adds the sines and cosines of each place to it, (batch, time, features)."""

    def __init__(self, max_length: int, **options: Any) -> None:
        super().__init__(**options)
        self.supports_masking = True
        self.max_length = max_length

    def build(self, input_shape: Any) -> None:
        """Computes the table (max_length, features)."""
        features = np.arange(input_shape[-1])
        rates = (10_000.0 ** -(features // 2 * 2 / len(features))).astype("float32")
        angles = np.arange(self.max_length, dtype="float32")[:, np.newaxis] * rates
        self.table = np.where(features % 2 == 0, np.sin(angles), np.cos(angles))

    def call(self, inputs: Any) -> Any:
        """The same shape."""
        table = keras.ops.convert_to_tensor(self.table, dtype=self.compute_dtype)
        return inputs + table[: keras.ops.shape(inputs)[1]]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's."""
        return input_shape


class Scale(keras.layers.Layer):
    """A trained factor for each channel."""

    def __init__(self, regularizer: Any, constraint: Any, **options: Any) -> None:
        super().__init__(**options)
        self.supports_masking = True
        self.regularizer = regularizer
        self.constraint = constraint

    def build(self, input_shape: Any) -> None:
        """Makes `gamma` (channels)."""
        limits = {"regularizer": self.regularizer, "constraint": self.constraint}
        self.gamma = self.add_weight(shape=input_shape[-1:], initializer="ones", name="gamma", **limits)

    def call(self, inputs: Any) -> Any:
        """The same shape."""
        return inputs * self.gamma

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's."""
        return input_shape
