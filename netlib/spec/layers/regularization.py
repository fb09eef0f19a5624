"""Layers that drop values in training: Dropout, SpatialDropout1D, SpatialDropout2D, SpatialDropout3D, AlphaDropout."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field, PlainValidator

from netlib.spec.base import shown
from netlib.spec.errors import SpecError
from netlib.spec.layer import LayerSpec, need_rank
from netlib.spec.tensors import Shape, elements, show
from netlib.spec.types import Fraction, PositiveInt


def _noise_shape(value: Any) -> tuple[int | None, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list | tuple) or not value or not all(_is_axis(item) for item in value):
        raise ValueError(f"expected a list of positive integers and nulls, the batch first, got {shown(value)}")
    if value[0] is not None:
        raise ValueError(f"the first entry is the batch and must be null (a mask for each sample), got {value[0]}")
    return tuple(value)


def _is_axis(item: Any) -> bool:
    return item is None or (isinstance(item, int) and not isinstance(item, bool) and item > 0)


_WrittenShape = Annotated[list[PositiveInt | None], Field(min_length=1)] | None
NoiseShape = Annotated[
    tuple[int | None, ...] | None, PlainValidator(_noise_shape, json_schema_input_type=_WrittenShape)
]


class DroppingSpec(LayerSpec):
    """Base of what drops values."""

    keeps_input = False
    keeps_output = False
    supports_masking = True
    shorthand = "rate"
    random = True
    rate: Fraction = Field(description="Probability that a value is dropped.")

    def kept(self, shape: Shape) -> int | None:
        """What was drawn, and what stays of the input."""
        return elements(shape)


class Dropout(DroppingSpec):
    """In training, makes a share of the values zero and multiplies the others by `1 / (1 - rate)`.

    Srivastava and others, *Dropout*, 2014.
    """

    noise_shape: NoiseShape = Field(
        None,
        description="Shape of the mask: [null, 1, null] drops whole columns of a sequence. An axis of length 1 shares one"
        " decision, null stands for the input's length. A mask of the input's own shape if null.",
    )

    def output_shape(self, shape: Shape) -> Shape:
        """The input's."""
        noise = self.noise_shape
        if noise is not None and (len(noise) != len(shape) or not all(map(_shares, noise, shape))):
            raise SpecError(
                f"{self.type_name()}'s noise_shape (= {list(noise)}) does not fit its input {show(shape)}:"
                " each entry must be null, 1 or the axis's length"
            )
        return shape


class AlphaDropout(Dropout):
    """In training, brings a share of the values to what SELU tends to for large negative ones, and scales and shifts all of them
    so that values of mean 0 and variance 1 stay so.

    Klambauer and others, *Self-normalizing neural networks*, 2017.
    """


class SpatialDropoutSpec(DroppingSpec):
    """Base of those that drop whole channels: one decision for each sample and channel."""

    axes: ClassVar[tuple[str, ...]]
    """What its input has between the batch and the channels."""

    @property
    def noise_shape(self) -> tuple[int | None, ...]:
        """Shape of the mask, null standing for the input's length."""
        return (None, *[1] * len(self.axes), None)

    def output_shape(self, shape: Shape) -> Shape:
        """The input's."""
        need_rank(self, shape, len(self.axes) + 2, f"(batch, {', '.join(self.axes)}, channels)")
        return shape


class SpatialDropout1D(SpatialDropoutSpec):
    """In training, makes a share of the channels of (batch, time, channels) zero, and multiplies the others by `1 / (1 - rate)`.

    Tompson and others, *Efficient object localization using convolutional networks*, 2015.
    """

    axes = ("time",)


class SpatialDropout2D(SpatialDropoutSpec):
    """In training, makes a share of the channels of (batch, height, width, channels) zero, and multiplies the others by
    `1 / (1 - rate)`.

    Tompson and others, *Efficient object localization using convolutional networks*, 2015.
    """

    axes = ("height", "width")


class SpatialDropout3D(SpatialDropoutSpec):
    """In training, makes a share of the channels of (batch, depth, height, width, channels) zero, and multiplies the others by
    `1 / (1 - rate)`.

    Tompson and others, *Efficient object localization using convolutional networks*, 2015.
    """

    axes = ("depth", "height", "width")


def _shares(length: int | None, axis: int | None) -> bool:
    return length in (None, 1, axis) or axis is None
