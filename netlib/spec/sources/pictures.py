"""Generated pictures: of shapes, and of patterns that come with measurements."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from netlib.spec.features import DataSignature, Feature, labels, numbers
from netlib.spec.sources.generated import BalancedSpec, Classes, Columns
from netlib.spec.types import NonNegativeFloat, PositiveInt

SHAPES = ("circle", "square", "triangle")


class Shapes(BalancedSpec):
    """Pictures of a circle, a square or a triangle, anywhere, of any size and turned, brighter or darker than what is around it.

    The target is the class, `label`, or the place: `mask` is 1 in the shape and 0 around it. The pictures are the same for both.
    """

    size: Annotated[PositiveInt, Field(ge=8, le=512)] = Field(32, description="Height and width in pixels.")
    channels: Annotated[PositiveInt, Field(le=16)] = Field(1, description="Colours of a pixel, from 0 to 1.")
    noise: Annotated[NonNegativeFloat, Field(le=1)] = Field(
        0.1, description="Standard deviation of what is added to every pixel, before it is cut off at 0 and 1."
    )
    target: Literal["label", "mask"] = Field("label", description="The class of the shape, or its mask.")

    def signature(self) -> DataSignature:
        """`image`, and `label` or `mask`."""
        image = numbers(self.size, self.size, self.channels, minimum=0.0, maximum=1.0)
        mask = numbers(self.size, self.size, 1, minimum=0.0, maximum=1.0)
        target: Feature = labels(len(SHAPES), SHAPES) if self.target == "label" else mask
        return DataSignature({"image": image}, {self.target: target}, self.samples)


class Views(BalancedSpec):
    """Things seen twice: an `image` has the pattern of their `kind`, the `features` measure their `position`, from -1 to 1.

    A feature rises or falls with the position as the kind has it, and every second kind the other way round than the one before,
    so that the position follows from both inputs only. Patterns and signs are drawn from the seed.
    """

    classes: Classes = Field(10, description="Number of kinds.")
    size: Annotated[PositiveInt, Field(ge=2, le=512)] = Field(8, description="Height and width of the image in pixels.")
    features: Columns = Field(4, description="Number of measurements.")
    noise: NonNegativeFloat = Field(
        0.2, description="Standard deviation of what is added to every pixel and measurement."
    )

    def signature(self) -> DataSignature:
        """`image`, `features`, `kind` and `position`."""
        inputs = {"image": numbers(self.size, self.size, 1), "features": numbers(self.features)}
        targets = {"kind": labels(self.classes), "position": numbers(1, minimum=-1.0, maximum=1.0)}
        return DataSignature(inputs, targets, self.samples)
