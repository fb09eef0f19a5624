"""Layers that summarise all places of a sequence, an image or a volume."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from netlib.spec.layer import LayerSpec
from netlib.spec.layers.windows import need_places
from netlib.spec.tensors import Shape


class GlobalPoolingSpec(LayerSpec):
    """Base of layers that summarise all places; `count` is the number of their axes."""

    count: ClassVar[int]
    keepdims: bool = Field(False, description="Whether the axes that are summarised stay, with length 1.")

    def output_shape(self, shape: Shape) -> Shape:
        """(batch, channels), or with axes of length 1 between."""
        need_places(self, shape, self.count)
        return (shape[0], *[1] * self.count, shape[-1]) if self.keepdims else (shape[0], shape[-1])


class _GlobalAverage(GlobalPoolingSpec):
    keeps_input = False
    keeps_output = False


class GlobalAveragePooling1D(_GlobalAverage):
    """The mean over the places of a sequence (batch, time, features) that its mask does not leave out; 0 where none is left."""

    count = 1
    uses_mask = True


class GlobalAveragePooling2D(_GlobalAverage):
    """The mean over height and width of an image (batch, height, width, channels)."""

    count = 2


class GlobalAveragePooling3D(_GlobalAverage):
    """The mean over depth, height and width of a volume (batch, depth, height, width, channels)."""

    count = 3


class GlobalMaxPooling1D(GlobalPoolingSpec):
    """The largest value over the places of a sequence (batch, time, features) that its mask does not leave out.

    0 where none is left. Keras's takes no notice of the mask.
    """

    count = 1
    uses_mask = True


class GlobalMaxPooling2D(GlobalPoolingSpec):
    """The largest value over height and width of an image (batch, height, width, channels)."""

    count = 2


class GlobalMaxPooling3D(GlobalPoolingSpec):
    """The largest value over depth, height and width of a volume (batch, depth, height, width, channels)."""

    count = 3
