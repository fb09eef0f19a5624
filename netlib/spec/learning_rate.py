"""A learning rate: a number, or a schedule. Whoever has a field for one need not import all optimizers."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator

from netlib.spec.base import Spec, as_validation_error, shown
from netlib.spec.choice import Choice, parse_choice
from netlib.spec.errors import SpecError
from netlib.spec.types import PositiveFloat

LARGEST = 3.4028234663852886e38
"""Of float32."""


def _rate(value: Any) -> float | Spec:
    if isinstance(value, int | float) and not isinstance(value, bool):
        if 0 < value <= LARGEST:
            return float(value)
        raise ValueError(f"expected a number greater than 0 that float32 can hold, or a schedule, got {shown(value)}")
    if value is None or isinstance(value, bool | list | tuple):
        raise ValueError(f"expected a number, or a schedule as 'Name: {{parameters}}', got {shown(value)}")
    try:
        return parse_choice("schedule", value)
    except SpecError as error:
        raise as_validation_error(error.problems) from None


def _plain_rate(rate: float | Spec) -> Any:
    return rate.to_choice() if isinstance(rate, Spec) else rate


_WrittenRate = PositiveFloat | Annotated[Spec, Choice("schedule")]
Rate = Annotated[float | Spec, PlainValidator(_rate, json_schema_input_type=_WrittenRate), PlainSerializer(_plain_rate)]
