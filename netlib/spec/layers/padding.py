"""What is put around an image: the layer ZeroPadding2D, and the types of the parameter `padding`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator

from netlib.spec.base import shown
from netlib.spec.layer import ShapeLayerSpec, need_rank
from netlib.spec.tensors import Shape
from netlib.spec.types import NonNegativeInt, whole

Side = tuple[int, int]
"""How much stands before an axis and behind it."""

FORMS = "an integer, a pair (height, width) or a pair of pairs ((top, bottom), (left, right))"


def _natural(value: Any) -> int | None:
    value = whole(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _pair(value: Any) -> list[Any] | None:
    return list(value) if isinstance(value, list | tuple) and len(value) == 2 else None


def _side(value: Any) -> Side | None:
    before, behind = map(_natural, _pair(value) or (value, value))
    return None if before is None or behind is None else (before, behind)


def _natural_pair(value: Any) -> Side:
    side = _side(value)
    if side is None:
        raise ValueError(f"expected an integer or a pair of them, none below 0, got {shown(value)}")
    return side


def _sides(value: Any) -> tuple[Side, Side]:
    number = _natural(value)
    height, width = map(_side, (number, number) if number is not None else _pair(value) or (None, None))
    if height is None or width is None:
        raise ValueError(f"expected {FORMS}, none below 0, got {shown(value)}")
    return height, width


def _padding(value: Any) -> Literal["valid", "same"] | tuple[Side, Side]:
    if isinstance(value, str) and value in ("valid", "same"):
        return "same" if value == "same" else "valid"
    try:
        return _sides(value)
    except ValueError:
        raise ValueError(f"expected 'valid' or 'same', {FORMS}, none below 0, got {shown(value)}") from None


_WrittenSide = NonNegativeInt | tuple[NonNegativeInt, NonNegativeInt]
_WrittenSides = NonNegativeInt | tuple[_WrittenSide, _WrittenSide]

NaturalPair = Annotated[Side, PlainValidator(_natural_pair, json_schema_input_type=_WrittenSide)]
"""Two integers from 0 on, height and width; one stands for both."""
Sides = Annotated[tuple[Side, Side], PlainValidator(_sides, json_schema_input_type=_WrittenSides)]
"""((top, bottom), (left, right)); a pair stands for (height, width), a number for all four."""
WindowPadding = Annotated[
    Literal["valid", "same"] | tuple[Side, Side],
    PlainValidator(_padding, json_schema_input_type=Literal["valid", "same"] | _WrittenSides),
]
"""The padding of windows that slide: by rule, or explicit on each side."""


class ZeroPadding2D(ShapeLayerSpec):
    """Zeros around an image (batch, height, width, channels)."""

    shorthand = "padding"
    padding: Sides = Field(
        ((1, 1), (1, 1)),
        description="Rows and columns of zeros: on all sides, for height and width, or ((top, bottom), (left, right)).",
    )

    def output_shape(self, shape: Shape) -> Shape:
        """(batch, height, width, channels), height and width grown by what is put around."""
        need_rank(self, shape, 4, "(batch, height, width, channels)")
        height, width = (
            None if axis is None else axis + sum(side) for axis, side in zip(shape[1:3], self.padding, strict=True)
        )
        return (shape[0], height, width, shape[3])
