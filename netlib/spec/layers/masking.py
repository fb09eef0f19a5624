"""The layer that makes a mask of a value: Masking."""

from __future__ import annotations

from pydantic import Field

from netlib.spec.layer import LayerSpec, need_min_rank
from netlib.spec.tensors import Shape
from netlib.spec.types import Float


class Masking(LayerSpec):
    """Leaves out the places of a sequence (batch, time, ...) all of whose values are `mask_value`: there it gives 0.

    Places that a mask left out before stay so.
    """

    shorthand = "mask_value"
    supports_masking = True
    mask_value: Float = Field(0.0, description="What stands at a place that is not real.")

    def output_shape(self, shape: Shape) -> Shape:
        """The input's."""
        need_min_rank(self, shape, 3)
        return shape
