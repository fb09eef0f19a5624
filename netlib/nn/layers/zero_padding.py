"""Layers that put zeros around a sequence, an image or a volume."""

from __future__ import annotations

from typing import Any, TypeVar

import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.spec.layers import zero_padding as spec

SpecType = TypeVar("SpecType", bound=spec.ZeroPaddingSpec)


class _ZeroPadding(Layer[SpecType]):
    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(batch, ..., channels), each axis grown."""
        return tf.pad(inputs, [(0, 0), *self.spec.padding, (0, 0)])


class ZeroPadding1D(_ZeroPadding[spec.ZeroPadding1D]):
    """Zeros before and behind a sequence."""

    def compute_mask(self, *inputs: tf.Tensor, mask: Any = None) -> Any:
        """It leaves the zeros out."""
        return None if mask is None else tf.pad(mask, [(0, 0), *self.spec.padding])


class ZeroPadding2D(_ZeroPadding[spec.ZeroPadding2D]):
    """Zeros around an image."""


class ZeroPadding3D(_ZeroPadding[spec.ZeroPadding3D]):
    """Zeros around a volume."""
