"""Layers that make a sequence, an image or a volume a whole number of times as large."""

from __future__ import annotations

from pydantic import Field

from netlib.spec.errors import SpecError
from netlib.spec.layer import ShapeLayerSpec
from netlib.spec.layers.resizing import Interpolation
from netlib.spec.layers.windows import Sizes, need_places
from netlib.spec.tensors import Shape
from netlib.spec.types import Pair, Single, Triple


class UpSamplingSpec(ShapeLayerSpec):
    """Base of layers that enlarge each axis."""

    shorthand = "size"
    size: Sizes = Field(description="How many times as long each axis becomes.")

    def output_shape(self, shape: Shape) -> Shape:
        """(batch, ..., channels), each axis times `size`."""
        axes = need_places(self, shape, len(self.size))
        return (
            shape[0],
            *(None if axis is None else axis * times for axis, times in zip(axes, self.size, strict=True)),
            shape[-1],
        )


class UpSampling1D(UpSamplingSpec):
    """Each place of a sequence (batch, time, features) repeated. So is its mask, which Keras drops."""

    supports_masking = True
    size: Single = Field((2,), description="How many times as long.")


class UpSampling2D(UpSamplingSpec):
    """An image (batch, height, width, channels) enlarged."""

    fast_xla_on_cpu = False
    size: Pair = Field((2, 2), description="How many times as high and wide; one number stands for both.")
    interpolation: Interpolation = Field(
        "nearest",
        description="nearest: each pixel repeated; bilinear: on the line between the centres of neighbours; bicubic, lanczos3,"
        " lanczos5: on a smooth curve through 4, 6 or 10 of them.",
    )

    def output_dtype(self, compute: str, *inputs: str) -> str:
        """That of its input, whose pixels are repeated; between them the compute dtype."""
        if self.interpolation == "nearest":
            return inputs[0]
        if "float" not in inputs[0]:
            raise SpecError(
                f"UpSampling2D with interpolation {self.interpolation} needs floating-point input, got {inputs[0]}; use"
                " interpolation: nearest, which repeats pixels of any dtype"
            )
        return compute


class UpSampling3D(UpSamplingSpec):
    """Each element of a volume (batch, depth, height, width, channels) repeated."""

    size: Triple = Field((2, 2, 2), description="How many times as deep, high and wide; one number stands for all.")
