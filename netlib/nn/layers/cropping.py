"""Layers that cut the borders off a sequence, an image or a volume."""

from __future__ import annotations

from typing import Any, TypeVar

import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.spec.layers import cropping as spec

SpecType = TypeVar("SpecType", bound=spec.CroppingSpec)


class _Cropping(Layer[SpecType]):
    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(batch, ..., channels), each axis shrunk."""
        return inputs[(slice(None), *(slice(before, -behind or None) for before, behind in self.spec.cropping))]


class Cropping1D(_Cropping[spec.Cropping1D]):
    """A sequence without its first and last places."""

    def compute_mask(self, *inputs: tf.Tensor, mask: Any = None) -> Any:
        """Cut as the sequence is."""
        return None if mask is None else self.call(mask)


class Cropping2D(_Cropping[spec.Cropping2D]):
    """An image without its borders."""


class Cropping3D(_Cropping[spec.Cropping3D]):
    """A volume without its borders."""
