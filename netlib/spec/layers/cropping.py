"""Layers that cut the borders off a sequence, an image or a volume."""

from __future__ import annotations

from pydantic import Field

from netlib.spec.errors import SpecError
from netlib.spec.layer import ShapeLayerSpec
from netlib.spec.layers.padding import Side, Sides1D, Sides2D, Sides3D
from netlib.spec.layers.windows import need_places
from netlib.spec.tensors import Shape, show


class CroppingSpec(ShapeLayerSpec):
    """Base of layers that cut something off before and behind each axis."""

    shorthand = "cropping"
    cropping: tuple[Side, ...] = Field(description="How much is cut off before and behind each axis.")

    def output_shape(self, shape: Shape) -> Shape:
        """(batch, ..., channels), each axis without what is cut off."""
        axes = need_places(self, shape, len(self.cropping))
        left = [None if axis is None else axis - sum(side) for axis, side in zip(axes, self.cropping, strict=True)]
        if any(length is not None and length < 1 for length in left):
            raise SpecError(
                f"{self.type_name()} with cropping {[list(side) for side in self.cropping]} leaves nothing of its input"
                f" {show(shape)}; cut off less than its length"
            )
        return (shape[0], *left, shape[-1])


class Cropping1D(CroppingSpec):
    """A sequence (batch, time, features) without its first and last places. Its mask is cut too, which Keras drops."""

    supports_masking = True
    cropping: Sides1D = Field(((1, 1),), description="Places cut off: on both sides, or (before, behind).")


class Cropping2D(CroppingSpec):
    """An image (batch, height, width, channels) without its borders."""

    cropping: Sides2D = Field(
        ((0, 0), (0, 0)),
        description="Rows and columns cut off: on all sides, for height and width, or ((top, bottom), (left, right)).",
    )


class Cropping3D(CroppingSpec):
    """A volume (batch, depth, height, width, channels) without its borders."""

    cropping: Sides3D = Field(
        ((1, 1), (1, 1), (1, 1)),
        description="What is cut off: on all sides, for depth, height and width, or ((front, back), (top, bottom), (left,"
        " right)).",
    )
