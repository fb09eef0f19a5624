"""Layers that change the brightness and contrast of images at random in training: RandomBrightness, RandomContrast."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from netlib.spec.layers.augmentation import AugmentationSpec, Margins, SignedBounds, ValueRange
from netlib.spec.tensors import Shape, elements


class PhotometricSpec(AugmentationSpec):
    """Base of the layers that change the values of pixels, and cut them off at the ends of their range."""

    def kept(self, shape: Shape) -> int | None:
        """Where values were cut off."""
        return elements(shape)


def _ends() -> Any:
    """The field `value_range`."""
    return Field(
        (0.0, 255.0),
        description="Least and greatest value of the images: [0, 255] for raw ones, [0, 1] for rescaled ones.",
    )


class RandomBrightness(PhotometricSpec):
    """In training, adds a random share of the value range to all values of an image, and cuts them off at its ends."""

    factor: SignedBounds = Field(
        description="Bounds of the share: -1 makes an image black, 1 white; f stands for [-f, f].", examples=[0.1]
    )
    value_range: ValueRange = _ends()


class RandomContrast(PhotometricSpec):
    """In training, moves the values of each channel of an image away from their mean, or towards it.

    `(x - mean) * factor + mean`, cut off at the ends of the value range.
    """

    factor: Margins = Field(
        description="(lower, upper): the factor is drawn from 1 - lower to 1 + upper; a number stands for both.",
        examples=[0.2],
    )
    value_range: ValueRange = _ends()
