"""Steps over images: numbers of shape (height, width, channels)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import Field

from netlib.spec.errors import SpecError
from netlib.spec.features import Feature, PreprocessingSpec
from netlib.spec.layers.resizing import Interpolation
from netlib.spec.tensors import show
from netlib.spec.types import Pair, PositiveInt


class _OfImages(PreprocessingSpec):
    def places(self, feature: Feature) -> tuple[int | None, int | None]:
        """Height and width of images.

        Raises:
            SpecError: they are none.
        """
        axes = feature.tensor.shape[1:]
        if len(axes) != 3:
            raise SpecError(
                f"{self.type_name()} is for images, (height, width, channels), but samples have {show(axes)}"
            )
        return axes[0], axes[1]

    def made(self, feature: Feature, height: int, width: int) -> Feature:
        """The same images of another size."""
        shape = (feature.tensor.shape[0], height, width, feature.tensor.shape[3])
        return replace(feature, tensor=replace(feature.tensor, shape=shape))


class Resize(_OfImages):
    """Images brought to another size, as by the layer Resizing.

    The result is float32 and not rounded; `nearest` keeps integers.
    """

    height: PositiveInt = Field(description="Height of the result.")
    width: PositiveInt = Field(description="Width of the result.")
    interpolation: Interpolation = Field(
        "bilinear",
        description="nearest: the pixel there; bilinear: on the line between the centres of neighbours; bicubic, lanczos3,"
        " lanczos5: on a smooth curve through 4, 6 or 10 of them.",
    )
    antialias: bool = Field(
        False, description="Whether a smaller result takes all pixels into account, and not the nearest ones alone."
    )

    def feature(self, feature: Feature, learned: Mapping[str, Any] | None = None) -> Feature:
        """(rows, height, width, channels); a smooth curve may leave the range of the pixels."""
        self.places(feature)
        made = self.made(feature, self.height, self.width)
        if self.interpolation == "nearest":
            return made
        made = replace(made, tensor=replace(made.tensor, dtype="float32"))
        return made if self.interpolation == "bilinear" else replace(made, minimum=None, maximum=None)


class CenterCrop(_OfImages):
    """The middle of images; where that is between two pixels, the upper and left one."""

    shorthand = "size"
    size: Pair = Field(description="Height and width of the middle.")

    def feature(self, feature: Feature, learned: Mapping[str, Any] | None = None) -> Feature:
        """(rows, *size, channels)."""
        for found, wanted, noun in zip(self.places(feature), self.size, ("height", "width"), strict=True):
            if found is not None and wanted > found:
                message = (
                    f"CenterCrop cannot cut a {noun} of {wanted} out of {found}; a Resize before it makes images larger"
                )
                raise SpecError(message)
        return self.made(feature, *self.size)
