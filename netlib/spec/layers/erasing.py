"""A layer that hides parts of images at random in training: RandomErasing."""

from __future__ import annotations

from pydantic import Field

from netlib.spec.errors import SpecError
from netlib.spec.layers.augmentation import AugmentationSpec, Colour, ShareBounds, ValueRange
from netlib.spec.tensors import Shape, elements, show


class RandomErasing(AugmentationSpec):
    """In training, puts noise or a colour in the place of a rectangle of an image.

    Zhong and others, *Random erasing data augmentation*, 2017. As in Keras, height and width are drawn independently: each is the
    root of a share of `scale` of the image's.
    """

    factor: ShareBounds = Field(
        1.0,
        validate_default=True,
        description="Bounds of the probability, drawn for each image; f stands for [0, f], so that 1.0 erases in every other"
        " image, and [1, 1] in each.",
    )
    scale: ShareBounds = Field(
        (0.02, 0.33), description="Bounds of the share of an image that is erased; f stands for [0, f]."
    )
    fill_value: Colour = Field(
        None, description="What stands there: a number, one for each channel, or if null normally distributed noise."
    )
    value_range: ValueRange = Field(
        (0.0, 255.0),
        description="Least and greatest value of the images, at which what is filled in is cut off; noise is multiplied by the"
        " greatest.",
    )

    def output_shape(self, shape: Shape) -> Shape:
        """The input's, (batch, height, width, channels)."""
        shape = super().output_shape(shape)
        colours = self.fill_value
        if isinstance(colours, tuple) and shape[3] not in (None, len(colours)):
            raise SpecError(
                f"RandomErasing's fill_value (= {list(colours)}) has {len(colours)} numbers, but its input {show(shape)} has"
                f" {shape[3]} channels"
            )
        return shape

    def kept(self, shape: Shape) -> int | None:
        """Where it erased."""
        return elements((*shape[:3], 1))
