"""Field types that specs share: each says in its error what it expected."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator

from netlib.spec.base import shown
from netlib.spec.tensors import Shape


def whole(value: Any) -> Any:
    """A whole float as the integer that it is, everything else as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def written_axes(value: Any) -> Shape | None:
    """Lengths of axes as a config lists them, null where unknown; None if the value is something else."""
    axes = tuple(map(whole, value)) if isinstance(value, list) else (0,)
    return axes if all(axis is None or (type(axis) is int and axis > 0) for axis in axes) else None


def _number(value: Any) -> Any:
    if not isinstance(value, int) or isinstance(value, bool):
        return value
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"expected a number that fits 64 bits, got {shown(value)}") from None


def as_tuple(value: Any) -> Any:
    """A list as a tuple; everything else as it is, for the type that it belongs to to refuse."""
    return tuple(value) if isinstance(value, list) else value


Int = Annotated[int, BeforeValidator(whole)]
"""A whole float will do: an expression such as `$(width / 2)` may give one."""
PositiveInt = Annotated[int, BeforeValidator(whole), Field(gt=0)]
NonNegativeInt = Annotated[int, BeforeValidator(whole), Field(ge=0)]
Float = Annotated[float, BeforeValidator(_number), Field(allow_inf_nan=False)]
PositiveFloat = Annotated[float, BeforeValidator(_number), Field(gt=0, allow_inf_nan=False)]
NonNegativeFloat = Annotated[float, BeforeValidator(_number), Field(ge=0, allow_inf_nan=False)]
Fraction = Annotated[float, BeforeValidator(_number), Field(ge=0, lt=1, allow_inf_nan=False)]
"""At least 0 and less than 1, as of a split or a dropout rate."""
Texts = Annotated[tuple[str, ...], BeforeValidator(as_tuple)]
Ints = Annotated[tuple[Int, ...], BeforeValidator(as_tuple)]
Lengths = Annotated[tuple[PositiveInt, ...], BeforeValidator(as_tuple)]
"""Lengths of axes; none for a single number."""
Padding = Literal["valid", "same"]


def _for_each_axis(count: int, least: int = 1) -> PlainValidator:
    """Takes a list of that many integers, or one that stands for all, and gives a tuple."""
    written: Any = PositiveInt if least else NonNegativeInt
    forms = ("a positive integer" if least else "an integer") + ("", " or a pair of them", " or three of them")[
        count - 1
    ]
    expected = f"expected {forms}" if least else f"expected {forms}, none below 0"

    def parsed(value: Any) -> tuple[int, ...]:
        items = [value] * count if isinstance(value, int | float) else value
        if isinstance(items, list | tuple) and len(items) == count:
            numbers = tuple(map(whole, items))
            if all(type(number) is int and number >= least for number in numbers):
                return numbers
        raise ValueError(f"{expected}, got {shown(value)}")

    return PlainValidator(parsed, json_schema_input_type=written | tuple[(written,) * count])  # type: ignore[misc]


Single = Annotated[tuple[int], _for_each_axis(1)]
"""A positive integer for the one axis of a sequence."""
Pair = Annotated[tuple[int, int], _for_each_axis(2)]
"""Two positive integers, height and width; one stands for both."""
Triple = Annotated[tuple[int, int, int], _for_each_axis(3)]
"""Three positive integers: depth, height and width; one stands for all."""
NaturalSingle = Annotated[tuple[int], _for_each_axis(1, least=0)]
NaturalPair = Annotated[tuple[int, int], _for_each_axis(2, least=0)]
NaturalTriple = Annotated[tuple[int, int, int], _for_each_axis(3, least=0)]
"""The same from 0 on."""


def _axes(value: Any) -> int | tuple[int, ...]:
    items = list(value) if isinstance(value, list | tuple) else [value]
    items = [whole(item) for item in items]
    if not items or not all(isinstance(item, int) and not isinstance(item, bool) for item in items):
        raise ValueError(f"expected an axis or a list of axes, got {shown(value)}")
    return tuple(items) if isinstance(value, list | tuple) else items[0]


_WrittenAxes = Int | Annotated[Ints, Field(min_length=1)]
Axes = Annotated[int | tuple[int, ...], PlainValidator(_axes, json_schema_input_type=_WrittenAxes)]
"""An axis or several; negative ones count from the end."""
