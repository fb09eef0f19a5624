"""What is put around a sequence, an image or a volume: the types of the parameter `padding`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

from pydantic import PlainValidator

from netlib.spec.base import shown
from netlib.spec.tensors import Shape
from netlib.spec.types import NonNegativeInt, whole

Side = tuple[int, int]
"""How much stands before an axis and behind it."""

FORMS = {
    1: "an integer or a pair (before, behind)",
    2: "an integer, a pair (height, width) or a pair of pairs ((top, bottom), (left, right))",
    3: "an integer, three of them (depth, height, width) or three pairs ((front, back), (top, bottom), (left, right))",
}
"""How padding is written, by the number of axes."""


def _natural(value: Any) -> int | None:
    value = whole(value)
    return value if type(value) is int and value >= 0 else None


def _items(value: Any, count: int) -> list[Any] | None:
    return list(value) if isinstance(value, list | tuple) and len(value) == count else None


def _side(value: Any) -> Side | None:
    before, behind = map(_natural, _items(value, 2) or (value, value))
    return None if before is None or behind is None else (before, behind)


def _sides(value: Any, count: int) -> tuple[Side, ...] | None:
    """A side for each axis. Of a single axis, its side may stand for them."""
    if _natural(value) is not None or (count == 1 and _side(value)):
        sides = [_side(value)] * count
    else:
        sides = list(map(_side, _items(value, count) or [None]))
    found = tuple(side for side in sides if side is not None)
    return found if len(found) == count else None


def _explicit(count: int) -> Callable[[Any], tuple[Side, ...]]:
    def parsed(value: Any) -> tuple[Side, ...]:
        sides = _sides(value, count)
        if sides is None:
            raise ValueError(f"expected {FORMS[count]}, none below 0, got {shown(value)}")
        return sides

    return parsed


def _around(count: int, *rules: str) -> Callable[[Any], str | tuple[Side, ...]]:
    def parsed(value: Any) -> str | tuple[Side, ...]:
        if isinstance(value, str) and value in rules:
            return value
        sides = _sides(value, count)
        if sides is None:
            named = " or ".join(map(repr, rules)) if len(rules) == 2 else ", ".join(map(repr, rules))
            raise ValueError(f"expected {named}, {FORMS[count]}, none below 0, got {shown(value)}")
        return sides

    return parsed


_WrittenSide = NonNegativeInt | tuple[NonNegativeInt, NonNegativeInt]
_WrittenSides1D = _WrittenSide | tuple[_WrittenSide]
_WrittenSides2D = NonNegativeInt | tuple[_WrittenSide, _WrittenSide]
_WrittenSides3D = NonNegativeInt | tuple[_WrittenSide, _WrittenSide, _WrittenSide]
_Rule = Literal["valid", "same"]

Sides1D = Annotated[tuple[Side], PlainValidator(_explicit(1), json_schema_input_type=_WrittenSides1D)]
"""((before, behind),); a pair stands for (before, behind), a number for both."""
Sides2D = Annotated[tuple[Side, Side], PlainValidator(_explicit(2), json_schema_input_type=_WrittenSides2D)]
"""((top, bottom), (left, right)); a pair stands for (height, width), a number for all four."""
Sides3D = Annotated[tuple[Side, Side, Side], PlainValidator(_explicit(3), json_schema_input_type=_WrittenSides3D)]
"""((front, back), (top, bottom), (left, right)); three numbers stand for (depth, height, width), one for all six."""
WindowPadding1D = Annotated[
    _Rule | tuple[Side], PlainValidator(_around(1, "valid", "same"), json_schema_input_type=_Rule | _WrittenSides1D)
]
CausalPadding = Annotated[
    _Rule | Literal["causal"] | tuple[Side],
    PlainValidator(
        _around(1, "valid", "same", "causal"), json_schema_input_type=_Rule | Literal["causal"] | _WrittenSides1D
    ),
]
WindowPadding2D = Annotated[
    _Rule | tuple[Side, Side],
    PlainValidator(_around(2, "valid", "same"), json_schema_input_type=_Rule | _WrittenSides2D),
]
WindowPadding3D = Annotated[
    _Rule | tuple[Side, Side, Side],
    PlainValidator(_around(3, "valid", "same"), json_schema_input_type=_Rule | _WrittenSides3D),
]
"""The padding of windows that slide: by rule, or explicit on each side."""


def grown(axes: Shape, sides: Sequence[Side]) -> Shape:
    """Lengths of axes with what is put around them; None where unknown."""
    return tuple(None if axis is None else axis + sum(side) for axis, side in zip(axes, sides, strict=True))
