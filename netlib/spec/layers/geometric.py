"""Layers that move images about at random in training: RandomFlip, RandomCrop, RandomTranslation, RandomRotation, RandomZoom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from netlib.spec.layer import need_rank
from netlib.spec.layers.augmentation import IMAGE, AugmentationSpec, SignedBounds, ZoomBounds
from netlib.spec.tensors import Shape, elements
from netlib.spec.types import Float, PositiveInt

FillMode = Literal["reflect", "wrap", "constant", "nearest"]
Interpolation = Literal["nearest", "bilinear"]


class RandomFlip(AugmentationSpec):
    """In training, mirrors half of the images; for `horizontal_and_vertical` each way is decided by itself.

    Takes images of any dtype, and keeps it.
    """

    takes = "any"
    mode: Literal["horizontal", "vertical", "horizontal_and_vertical"] = Field(
        "horizontal_and_vertical", description="horizontal swaps left and right, vertical top and bottom."
    )

    def output_dtype(self, compute: str, *inputs: str) -> str:
        """The dtype of its input."""
        return inputs[0]


class RandomCrop(AugmentationSpec):
    """In training, a part of that size at a random place of each image.

    Outside of training, and where an image is smaller, the largest part in the middle with that ratio of height to width, resized
    (bilinear).
    """

    height: PositiveInt = Field(description="Rows of the output.", examples=[12])
    width: PositiveInt = Field(description="Columns of the output.", examples=[12])

    def output_shape(self, shape: Shape) -> Shape:
        """(batch, the layer's height and width, channels)."""
        need_rank(self, shape, 4, IMAGE)
        return (shape[0], self.height, self.width, shape[3])


class WarpingSpec(AugmentationSpec):
    """Base of the layers that read each place of the output from some place of the image, between its pixels too."""

    if TYPE_CHECKING:  # each declares them at Keras's place
        fill_mode: FillMode
        interpolation: Interpolation
        fill_value: float

    def kept(self, shape: Shape) -> int | None:
        """The pixels from which each place was made, and their shares."""
        places = elements((*shape[:3], 1))
        return None if places is None else places * (8 if self.interpolation == "bilinear" else 1)


def _outside() -> Any:
    """The field `fill_mode`."""
    return Field(
        "reflect",
        description="What lies outside of an image abcd: reflect dcba|abcd|dcba, wrap abcd|abcd|abcd, nearest aaaa|abcd|dddd,"
        " constant the fill_value.",
    )


def _between() -> Any:
    """The field `interpolation`."""
    return Field("bilinear", description="What lies between pixels: the nearest of them, or a mixture of four.")


def _filled() -> Any:
    """The field `fill_value`."""
    return Field(0.0, description="What lies outside of an image where fill_mode is constant.")


class RandomTranslation(WarpingSpec):
    """In training, shifts each image down and to the right by random shares of its height and width."""

    height_factor: SignedBounds = Field(
        description="Share of the height between whose bounds the shift down is drawn, negative for up; f stands for [-f, f].",
        examples=[0.1],
    )
    width_factor: SignedBounds = Field(
        description="The same for the width and the shift to the right, negative for left.", examples=[0.1]
    )
    fill_mode: FillMode = _outside()
    interpolation: Interpolation = _between()
    fill_value: Float = _filled()


class RandomRotation(WarpingSpec):
    """In training, turns each image about its middle by a random angle."""

    factor: SignedBounds = Field(
        description="Bounds of the angle as shares of a full turn, counterclockwise; f stands for [-f, f].",
        examples=[0.05],
    )
    fill_mode: FillMode = _outside()
    interpolation: Interpolation = _between()
    fill_value: Float = _filled()


class RandomZoom(WarpingSpec):
    """In training, shows each image smaller or larger about its middle."""

    height_factor: ZoomBounds = Field(
        description="Bounds of the change of the height that is seen: 0.2 shows 1.2 times as much, which makes things smaller,"
        " -0.2 only 0.8 times; f stands for [-f, f].",
        examples=[0.1],
    )
    width_factor: ZoomBounds | None = Field(
        None, description="The same for the width; if null what was drawn for the height, which keeps proportions."
    )
    fill_mode: FillMode = _outside()
    interpolation: Interpolation = _between()
    fill_value: Float = _filled()
