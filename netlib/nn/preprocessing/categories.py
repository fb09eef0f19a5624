"""Steps over categories.

Categories are texts. Numbers are not written as texts to be looked up: the categories are read as numbers, those that no number
is written as are none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from netlib.nn.preprocessing.blake2b import digests
from netlib.nn.preprocessing.step import GraphStep, table
from netlib.spec.features import Feature, PreprocessingSpec
from netlib.spec.preprocessing import categories as spec
from netlib.spec.preprocessing.categories import CATEGORIES, as_text

_NONE = tf.int64.min
"""A whole number that is no category."""
_NEGATIVE_ZERO = -(2**31)
"""Its bits in float32."""


class Lookup(GraphStep):
    """Numbers of categories, from 1 on; 0 for what is none of them."""

    def __init__(self, spec: PreprocessingSpec, learned: Mapping[str, Any], feature: Feature) -> None:
        super().__init__(spec, learned, feature)
        self.texts, self.floats = feature.kind == "text", feature.tensor.dtype == "float32"
        pairs = list(self._pairs(learned[CATEGORIES]))
        dtype = tf.string if self.texts else tf.int64
        self.table = table([key for key, _ in pairs], [number for _, number in pairs], dtype)

    def __call__(self, values: tf.Tensor) -> tf.Tensor:
        """One int32 a row."""
        flat = tf.reshape(values, [-1])
        return self.table.lookup(flat if self.texts else _bits(flat) if self.floats else whole(flat))

    def _pairs(self, categories: Sequence[str]) -> Iterator[tuple[Any, int]]:
        """What is looked up, and its number."""
        for number, text in enumerate(categories, 1):
            key = text if self.texts else _float_bits(text) if self.floats else _integer(text)
            if key is not None:
                yield key, number


class OneHot(Lookup):
    """A column of 0 and 1 for each category, and one in front of them."""

    def __init__(self, spec: PreprocessingSpec, learned: Mapping[str, Any], feature: Feature) -> None:
        super().__init__(spec, learned, feature)
        self.width = (self.spec.known(learned) or 0) + 1

    def __call__(self, values: tf.Tensor) -> tf.Tensor:
        """In float32."""
        return tf.one_hot(super().__call__(values), self.width)


class Hash(GraphStep):
    """Numbers that follow from the category alone; 0 for what is missing, of texts for the empty one."""

    def __call__(self, values: tf.Tensor) -> tf.Tensor:
        """One int32 a row."""
        flat = tf.reshape(values, [-1])
        texts = flat if flat.dtype == tf.string else tf.strings.as_string(whole(flat))
        missing = texts == "" if flat.dtype == tf.string else whole(flat) == _NONE
        bins = tf.constant(self.spec.bins - 1, tf.uint64)
        return tf.where(missing, 0, tf.cast(tf.math.floormod(digests(texts), bins), tf.int32) + 1)


def whole(values: tf.Tensor) -> tf.Tensor:
    """Integers as int64, also of float64, in which what is missing is NaN; what is no integer is no category."""
    if not values.dtype.is_floating:
        return tf.cast(values, tf.int64)
    there = tf.abs(values) < 2.0**53  # not so of NaN
    there &= values == tf.floor(values)
    return tf.where(there, tf.cast(tf.where(there, values, 0), tf.int64), _NONE)


def _bits(values: tf.Tensor) -> tf.Tensor:
    bits = tf.bitcast(values, tf.int32)
    return tf.cast(tf.where(bits == _NEGATIVE_ZERO, 0, bits), tf.int64)


def _integer(text: str) -> int | None:
    try:
        number = int(text)
    except ValueError:
        return None
    return number if str(number) == text and abs(number) < 2**53 else None


def _float_bits(text: str) -> int | None:
    """Of the number of float32 that is written so."""
    try:
        with np.errstate(over="ignore"):
            number = np.float32(text)
    except ValueError:
        return None
    return int(number.view(np.int32)) if as_text(number) == text else None


FORMS: dict[type[PreprocessingSpec], type[GraphStep]] = {spec.OneHot: OneHot, spec.Lookup: Lookup, spec.Hash: Hash}
