"""What the layers that change images at random share: their base, and the types of the bounds that they draw between."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import Annotated, Any

from pydantic import Field, PlainValidator

from netlib.spec.base import shown
from netlib.spec.layer import LayerSpec, need_rank
from netlib.spec.tensors import Shape
from netlib.spec.types import Float

Bounds = tuple[float, float]
"""The least and the greatest of what is drawn."""

IMAGE = "(batch, height, width, channels)"


class AugmentationSpec(LayerSpec):
    """Base of the layers that change images in training, each sample by numbers of its own, and leave them alone otherwise."""

    random = True
    keeps_input = False
    keeps_output = False

    def output_shape(self, shape: Shape) -> Shape:
        """The input's, (batch, height, width, channels)."""
        need_rank(self, shape, 4, IMAGE)
        return shape


def _numbers(value: Any) -> list[float] | None:
    """Of a number or of a list of them; None of everything else."""
    items = list(value) if isinstance(value, list | tuple) else [value]
    if not all(isinstance(item, int | float) and not isinstance(item, bool) for item in items):
        return None
    return [float(item) for item in items] if all(map(isfinite, items)) else None


def _pair(value: Any) -> list[float] | None:
    numbers = _numbers(value) if isinstance(value, list | tuple) else None
    return numbers if numbers is not None and len(numbers) == 2 else None


def _bounds(
    within: Callable[[float], bool], limits: str, of_one: Callable[[float], Bounds], *, ordered: bool = True
) -> Callable[[Any], Bounds]:
    """Checks a number, which stands for the bounds `of_one`, or a pair of bounds."""

    def check(value: Any) -> Bounds:
        numbers = [value] if isinstance(value, int | float) and _numbers(value) else _pair(value)
        if numbers is None or not all(map(within, numbers)):
            raise ValueError(f"expected a number or a pair of them, {limits}, got {shown(value)}")
        if len(numbers) == 1:
            return of_one(float(numbers[0]))
        lower, upper = numbers
        if ordered and lower > upper:
            raise ValueError(f"expected the lower bound first, got {shown(value)}")
        return lower, upper

    return check


def _around_zero(number: float) -> Bounds:
    return -abs(number), abs(number)


def _value_range(value: Any) -> Bounds:
    pair = _pair(value)
    if pair is None or pair[0] >= pair[1]:
        raise ValueError(
            f"expected the least and the greatest value of the images, such as [0, 255], got {shown(value)}"
        )
    return pair[0], pair[1]


def _colour(value: Any) -> float | tuple[float, ...] | None:
    numbers = None if value is None else _numbers(value)
    if value is not None and not numbers:
        raise ValueError(f"expected a number, a list of numbers (one for each channel) or null, got {shown(value)}")
    return tuple(numbers) if isinstance(value, list | tuple) and numbers else numbers[0] if numbers else None


_Signed = Annotated[float, Field(ge=-1, le=1)]
_Share = Annotated[float, Field(ge=0, le=1)]
_Zoom = Annotated[float, Field(gt=-1, le=1)]

SignedBounds = Annotated[
    Bounds,
    PlainValidator(
        _bounds(lambda number: -1 <= number <= 1, "from -1 to 1", _around_zero),
        json_schema_input_type=_Signed | tuple[_Signed, _Signed],
    ),
]
"""From -1 to 1; a number f stands for (-f, f)."""
ZoomBounds = Annotated[
    Bounds,
    PlainValidator(
        _bounds(lambda number: -1 < number <= 1, "greater than -1 and at most 1", _around_zero),
        json_schema_input_type=_Zoom | tuple[_Zoom, _Zoom],
    ),
]
"""The same, but -1 itself, which would stretch a single place over the whole image."""
ShareBounds = Annotated[
    Bounds,
    PlainValidator(
        _bounds(lambda number: 0 <= number <= 1, "from 0 to 1", lambda number: (0.0, number)),
        json_schema_input_type=_Share | tuple[_Share, _Share],
    ),
]
"""From 0 to 1; a number f stands for (0, f)."""
Margins = Annotated[
    Bounds,
    PlainValidator(
        _bounds(lambda number: 0 <= number <= 1, "from 0 to 1", lambda number: (number, number), ordered=False),
        json_schema_input_type=_Share | tuple[_Share, _Share],
    ),
]
"""How far below 1 and how far above it; a number stands for both."""
ValueRange = Annotated[Bounds, PlainValidator(_value_range, json_schema_input_type=tuple[Float, Float])]
"""The least and the greatest value of an image."""
Colour = Annotated[
    float | tuple[float, ...] | None,
    PlainValidator(_colour, json_schema_input_type=Float | Annotated[list[Float], Field(min_length=1)] | None),
]
"""A value for all channels, or one for each; null for noise."""
