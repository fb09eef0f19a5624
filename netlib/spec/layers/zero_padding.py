"""Layers that put zeros around a sequence, an image or a volume."""

from __future__ import annotations

from pydantic import Field

from netlib.spec.layer import ShapeLayerSpec
from netlib.spec.layers.padding import Side, Sides1D, Sides2D, Sides3D, grown
from netlib.spec.layers.windows import need_places
from netlib.spec.tensors import Shape


class ZeroPaddingSpec(ShapeLayerSpec):
    """Base of layers that put zeros before and behind each axis."""

    shorthand = "padding"
    padding: tuple[Side, ...] = Field(description="How many zeros are put before and behind each axis.")

    def output_shape(self, shape: Shape) -> Shape:
        """(batch, ..., channels), each axis grown by what is put around."""
        return (shape[0], *grown(tuple(need_places(self, shape, len(self.padding))), self.padding), shape[-1])


class ZeroPadding1D(ZeroPaddingSpec):
    """Zeros before and behind a sequence (batch, time, features). Its mask leaves them out; Keras drops it."""

    supports_masking = True
    padding: Sides1D = Field(((1, 1),), description="Places of zeros: on both sides, or (before, behind).")


class ZeroPadding2D(ZeroPaddingSpec):
    """Zeros around an image (batch, height, width, channels)."""

    padding: Sides2D = Field(
        ((1, 1), (1, 1)),
        description="Rows and columns of zeros: on all sides, for height and width, or ((top, bottom), (left, right)).",
    )


class ZeroPadding3D(ZeroPaddingSpec):
    """Zeros around a volume (batch, depth, height, width, channels)."""

    padding: Sides3D = Field(
        ((1, 1), (1, 1), (1, 1)),
        description="Zeros: on all sides, for depth, height and width, or ((front, back), (top, bottom), (left, right)).",
    )
