"""`Flip`: values in the opposite order along an axis."""

from __future__ import annotations

from pydantic import Field

from netlib.spec.layer import ShapeLayerSpec, need_feature_axis
from netlib.spec.tensors import Shape
from netlib.spec.types import Int


class Flip(ShapeLayerSpec):
    """The values in the opposite order along an axis, and so the mask along time."""

    shorthand = "axis"
    supports_masking = True
    axis: Int = Field(1, description="The axis; 1 is the first one behind the batch.")

    def output_shape(self, shape: Shape) -> Shape:
        """The input's."""
        need_feature_axis(self, shape, self.axis)
        return shape
