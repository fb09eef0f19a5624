"""Steps over times: dates, with or without the time of day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator

from netlib.spec.features import Feature, PreprocessingSpec
from netlib.spec.tensors import TensorSpec
from netlib.spec.types import as_tuple

CYCLES: dict[str, tuple[int, int]] = {
    "quarter": (1, 4), "month": (1, 12), "day": (1, 31), "weekday": (0, 7), "yearday": (1, 366), "hour": (0, 24),
    "minute": (0, 60), "second": (0, 60),
}  # fmt: skip
"""Part that comes round again -> its first number, and how many there are."""

Part = Literal["year", "quarter", "month", "day", "weekday", "yearday", "hour", "minute", "second", "days"]


class DateParts(PreprocessingSpec):
    """A column for each part of a date, as numbers that are not scaled: Standardize behind it does that.

    `weekday` is 0 on Mondays, `yearday` counts from 1, `days` are those since the beginning of 1970, with their fraction. A
    missing time is a missing number in every column, for Impute behind it to fill; without one it is an error. TensorFlow has no
    dates: a SavedModel takes the parts themselves.
    """

    shorthand = "parts"
    parts: Annotated[tuple[Part, ...], BeforeValidator(as_tuple)] = Field(
        ("year", "month", "day", "weekday", "hour"),
        min_length=1,
        description="The parts, in the order of their columns.",
    )
    cyclic: bool = Field(
        False,
        description="Whether parts that come round again become two columns, sine and cosine: December lies beside January then.",
    )

    takes = ("times",)

    @field_validator("parts")
    @classmethod
    def _once(cls, parts: tuple[str, ...]) -> tuple[str, ...]:
        for part in parts:
            if parts.count(part) > 1:
                raise ValueError(f"parts has '{part}' twice")
        return parts

    def feature(self, feature: Feature, learned: Mapping[str, Any] | None = None) -> Feature:
        """(rows, columns) in float32."""
        width = sum(2 if self.cyclic and part in CYCLES else 1 for part in self.parts)
        return Feature(TensorSpec((None, width), "float32"))

    def no_graph(self, feature: Feature) -> str:
        """See `PreprocessingSpec.no_graph`."""
        return "TensorFlow has no dates"
