"""`Resizing`: images brought to one size; and how pixels of another size are made."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from netlib.spec.errors import SpecError
from netlib.spec.layer import LayerSpec
from netlib.spec.layers.windows import need_places
from netlib.spec.tensors import Shape
from netlib.spec.types import Float, PositiveInt

Interpolation = Literal["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"]


class Resizing(LayerSpec):
    """Images (batch, height, width, channels) brought to one size. Integers stay integers: the result is rounded to them."""

    takes = "any"
    keeps_input = False
    keeps_output = False
    fast_xla_on_cpu = False
    refused: ClassVar[dict[str, str]] = {
        **LayerSpec.refused,
        "fill_mode": "what is put around is always constant; `fill_value` says which number",
    }
    height: PositiveInt = Field(description="Height of the output.")
    width: PositiveInt = Field(description="Width of the output.")
    interpolation: Interpolation = Field(
        "bilinear",
        description="nearest: the pixel there; bilinear: on the line between the centres of neighbours; bicubic, lanczos3,"
        " lanczos5: on a smooth curve through 4, 6 or 10 of them.",
    )
    crop_to_aspect_ratio: bool = Field(
        False, description="Whether to keep proportions by cutting off, on both sides, what is too high or too wide."
    )
    pad_to_aspect_ratio: bool = Field(
        False, description="Whether to keep proportions by putting `fill_value` around, on both sides."
    )
    fill_value: Float = Field(0.0, description="What `pad_to_aspect_ratio` puts around.")
    antialias: bool = Field(
        False, description="Whether a smaller output takes all pixels into account, and not the nearest ones alone."
    )

    @model_validator(mode="after")
    def _one_way_to_keep_proportions(self) -> Self:
        if self.crop_to_aspect_ratio and self.pad_to_aspect_ratio:
            raise ValueError("crop_to_aspect_ratio and pad_to_aspect_ratio exclude each other; choose one")
        return self

    def output_shape(self, shape: Shape) -> Shape:
        """(batch, height, width, channels) with its own height and width."""
        need_places(self, shape, 2)
        return (shape[0], self.height, self.width, shape[3])

    def output_dtype(self, compute: str, *inputs: str) -> str:
        """The compute dtype; that of its input where it is one of integers."""
        if inputs[0] == "bool":
            raise SpecError("Resizing needs numbers, got bool; cast them before, with Compute: float(x)")
        return compute if "float" in inputs[0] else inputs[0]
