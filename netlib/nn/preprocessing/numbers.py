"""Steps over numbers.

TensorFlow takes numbers of float32 below 1.2e-38 for 0. Where they would count, their bits are read instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from netlib.nn.preprocessing.step import GraphStep, kept, refuse
from netlib.spec.features import Feature, PreprocessingSpec
from netlib.spec.preprocessing import numbers as spec

_SMALLEST = np.finfo(np.float32).tiny
"""That TensorFlow tells apart from 0."""
_SIGN, _REST, _FIRST_NORMAL = -(2**31), 2**31 - 1, 0x00800000
"""Of the bits of float32: that of the sign, the others, and these of the smallest normal number."""


def doubled(values: tf.Tensor) -> tf.Tensor:
    """Exactly, in float64."""
    if values.dtype != tf.float32:
        return tf.cast(values, tf.float64)
    bits = tf.bitcast(values, tf.int32)
    size = tf.bitwise.bitwise_and(bits, _REST)
    small = tf.cast(size, tf.float64) * 2.0**-149
    return tf.where(size < _FIRST_NORMAL, tf.where(bits < 0, -small, small), tf.cast(values, tf.float64))


def _single(values: tf.Tensor) -> tf.Tensor:
    return tf.cast(values, tf.float32)


def _column(values: tf.Tensor) -> tf.Tensor:
    """One number a row as a column."""
    return tf.reshape(values, [-1, 1]) if values.shape.rank == 1 else values


class _Scaled(GraphStep):
    """Subtracts and divides."""

    names: ClassVar[tuple[str, str]]

    def __init__(self, spec: PreprocessingSpec, learned: Mapping[str, Any], feature: Feature) -> None:
        super().__init__(spec, learned, feature)
        middle, unit = (learned[name] for name in self.names)
        dtype = np.float64 if (np.abs(unit) < _SMALLEST).any() else np.float32
        self.middle, self.unit = kept(middle, dtype), kept(unit, dtype)

    def __call__(self, values: tf.Tensor) -> tf.Tensor:
        """In float32."""
        read = doubled(_single(values)) if self.unit.dtype == tf.float64 else _single(values)
        return _column(_single((read - self.middle) / self.unit))


class Standardize(_Scaled):
    """By mean and standard deviation."""

    names = ("mean", "deviation")


class RobustScale(_Scaled):
    """By median and distance of the quartiles."""

    names = ("median", "distance")


class MinMax(GraphStep):
    """By least and largest value."""

    def __init__(self, spec: PreprocessingSpec, learned: Mapping[str, Any], feature: Feature) -> None:
        super().__init__(spec, learned, feature)
        lowest, highest = (learned[name].astype(np.float64) for name in ("lowest", "highest"))
        self.lowest = kept(lowest, np.float64)
        self.range = kept(np.where(highest == lowest, 1, highest - lowest), np.float64)
        self.ends = kept([self.spec.minimum, self.spec.maximum], np.float64)

    def __call__(self, values: tf.Tensor) -> tf.Tensor:
        """In float64, as on the host."""
        exact = doubled(values) if values.dtype.is_integer else doubled(_single(values))
        shares = (exact - self.lowest) / self.range
        if self.spec.clip:
            shares = _clipped(shares, 0, 1)
        minimum, maximum = tf.unstack(self.ends)
        return _column(_single(minimum * (1 - shares) + maximum * shares))


class Rescale(GraphStep):
    """Multiplies and adds."""

    def __init__(self, spec: PreprocessingSpec, learned: Mapping[str, Any], feature: Feature) -> None:
        super().__init__(spec, learned, feature)
        self.scale, self.offset = kept(self.spec.scale), kept(self.spec.offset)

    def __call__(self, values: tf.Tensor) -> tf.Tensor:
        """In float32."""
        return _column(_single(values) * self.scale + self.offset)


class Clip(GraphStep):
    """Between its ends."""

    def __call__(self, values: tf.Tensor) -> tf.Tensor:
        """In float32."""
        return _column(_clipped(_single(values), self.spec.minimum, self.spec.maximum))


def _clipped(values: tf.Tensor, least: float | None, most: float | None) -> tf.Tensor:
    """What is missing stays so."""
    if least is not None:
        values = tf.where(values < least, tf.constant(least, values.dtype), values)
    return values if most is None else tf.where(values > most, tf.constant(most, values.dtype), values)


class Log(GraphStep):
    """Natural logarithms; a value without one fails."""

    def __call__(self, values: tf.Tensor) -> tf.Tensor:
        """By float64."""
        shifted = doubled(values if values.dtype.is_integer else _single(values)) + self.spec.offset
        refuse(shifted <= 0, f"Log with offset {self.spec.offset:g} has no logarithm of a value:", values)
        return _column(_single(tf.math.log(shifted)))


class Bucketize(GraphStep):
    """Numbers of buckets; a missing value fails."""

    def __init__(self, spec: PreprocessingSpec, learned: Mapping[str, Any], feature: Feature) -> None:
        super().__init__(spec, learned, feature)
        exact = self.spec.boundaries if feature.tensor.dtype == "int32" else None
        self.boundaries = kept(learned["boundaries"] if exact is None else exact, np.float64)

    def __call__(self, values: tf.Tensor) -> tf.Tensor:
        """One int32 a row."""
        flat = doubled(tf.reshape(values, [-1]))
        refuse(tf.math.is_nan(flat), "Bucketize takes no missing value:", flat)
        return tf.searchsorted(self.boundaries, flat, side="right")


class Impute(GraphStep):
    """Puts a number where one is missing."""

    def __init__(self, spec: PreprocessingSpec, learned: Mapping[str, Any], feature: Feature) -> None:
        super().__init__(spec, learned, feature)
        self.filling = kept(learned["filling"])

    def __call__(self, values: tf.Tensor) -> tf.Tensor:
        """In float32, with flags where they are asked for."""
        numbers = _single(values)
        missing = tf.math.is_nan(numbers)
        filled = _column(tf.where(missing, self.filling, numbers))
        return tf.concat([filled, _column(_single(missing))], axis=-1) if self.spec.flag else filled


FORMS: dict[type[PreprocessingSpec], type[GraphStep]] = {
    spec.Standardize: Standardize,
    spec.RobustScale: RobustScale,
    spec.MinMax: MinMax,
    spec.Rescale: Rescale,
    spec.Clip: Clip,
    spec.Log: Log,
    spec.Bucketize: Bucketize,
    spec.Impute: Impute,
}
