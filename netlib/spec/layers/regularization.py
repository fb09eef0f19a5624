"""Layers that disturb training so that a network generalises: Dropout."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, PlainValidator

from netlib.spec.base import shown
from netlib.spec.errors import SpecError
from netlib.spec.layer import LayerSpec
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


class Dropout(LayerSpec):
    """In training, makes a share of the values zero and multiplies the others by `1 / (1 - rate)`.

    Srivastava and others, *Dropout*, 2014.
    """

    keeps_input = False
    keeps_output = False
    supports_masking = True
    shorthand = "rate"
    random = True
    rate: Fraction = Field(description="Probability that a value is made zero.")
    noise_shape: NoiseShape = Field(
        None,
        description="Shape of the mask: [null, 1, null] drops whole columns of a sequence. An axis of length 1 shares one"
        " decision, null stands for the input's length. A mask of the input's own shape if null.",
    )

    def kept(self, shape: Shape) -> int | None:
        """What was drawn, and what stays of the input."""
        return elements(shape)

    def output_shape(self, shape: Shape) -> Shape:
        """The input's."""
        noise = self.noise_shape
        if noise is not None and (len(noise) != len(shape) or not all(map(_shares, noise, shape))):
            raise SpecError(
                f"Dropout's noise_shape (= {list(noise)}) does not fit its input {show(shape)}:"
                " each entry must be null, 1 or the axis's length"
            )
        return shape


def _shares(length: int | None, axis: int | None) -> bool:
    return length in (None, 1, axis) or axis is None
