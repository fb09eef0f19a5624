"""What weights must satisfy after every update, by the names and with the parameters that Keras gives them; and Clip."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from netlib.spec.base import Spec
from netlib.spec.types import Axes, Float, NonNegativeFloat

NORM_AXES = (
    "Axes over which a norm is taken: 0 for the inputs of a Dense kernel, [0, 1, 2] for those of a Conv2D kernel."
)


class ConstraintSpec(Spec):
    """Base of all constraints."""

    kind = "constraint"


class MaxNorm(ConstraintSpec):
    """No norm greater than `max_value`."""

    shorthand = "max_value"
    max_value: NonNegativeFloat = Field(2.0, description="Greatest norm.")
    axis: Axes = Field(0, description=NORM_AXES)


class NonNeg(ConstraintSpec):
    """No negative weight."""


class Clip(ConstraintSpec):
    """Every value between `min_value` and `max_value`: one beyond is set to the limit, as a WGAN's critic asks for (Arjovsky,
    Chintala and Bottou, 2017)."""

    min_value: Float = Field(description="Least value.")
    max_value: Float = Field(description="Greatest value.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        _need_order(self.min_value, self.max_value)
        return self


class UnitNorm(ConstraintSpec):
    """Every norm is 1."""

    axis: Axes = Field(0, description=NORM_AXES)


class MinMaxNorm(ConstraintSpec):
    """Every norm between `min_value` and `max_value`."""

    min_value: NonNegativeFloat = Field(0.0, description="Least norm.")
    max_value: NonNegativeFloat = Field(1.0, description="Greatest norm.")
    rate: NonNegativeFloat = Field(1.0, le=1, description="Share of the way to the limit that one update goes.")
    axis: Axes = Field(0, description=NORM_AXES)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        _need_order(self.min_value, self.max_value)
        return self


def _need_order(least: float, greatest: float) -> None:
    if least > greatest:
        raise ValueError(f"min_value (= {least}) must not be greater than max_value (= {greatest})")
