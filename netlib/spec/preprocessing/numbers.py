"""Steps over numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from pydantic import Field, field_validator

from netlib.spec.features import Feature, PreprocessingSpec
from netlib.spec.types import Float


class Standardize(PreprocessingSpec):
    """Subtracts the mean and divides by the standard deviation, both of the training split.

    A constant becomes 0. Integers become float32.
    """

    shorthand = "per"
    per: Literal["channel", "element"] = Field(
        "channel", description="One mean for each index of the last axis (a column, a channel), or for each element."
    )

    def feature(self, feature: Feature, learned: Mapping[str, Any] | None = None) -> Feature:
        """The same shape in float32, of no known range."""
        return _as_numbers(feature)


class Rescale(PreprocessingSpec):
    """`x * scale + offset`, in float32: `Rescale: $(1 / 255)` brings the bytes of an image to between 0 and 1."""

    shorthand = "scale"
    scale: Float = Field(description="What every value is multiplied by.")
    offset: Float = Field(0.0, description="What is added then.")

    @field_validator("scale")
    @classmethod
    def _keeps_values_apart(cls, scale: float) -> float:
        if scale == 0:
            raise ValueError("a scale of 0 makes every value the same")
        return scale

    def feature(self, feature: Feature, learned: Mapping[str, Any] | None = None) -> Feature:
        """The same shape in float32, its range rescaled."""
        if feature.minimum is None or feature.maximum is None:
            return _as_numbers(feature)
        ends = sorted(end * self.scale + self.offset for end in (feature.minimum, feature.maximum))
        return replace(_as_numbers(feature), minimum=ends[0], maximum=ends[1])


class Impute(PreprocessingSpec):
    """Puts a number where one is missing; the result is float32."""

    shorthand = "by"
    by: Literal["median", "mean", "most_frequent"] | Float = Field(
        "median", description="What is put there: that of the training split, or a number."
    )

    fills = True

    def feature(self, feature: Feature, learned: Mapping[str, Any] | None = None) -> Feature:
        """The same shape in float32."""
        return replace(feature, tensor=replace(feature.tensor, dtype="float32"), num_classes=None, class_names=())


def _as_numbers(feature: Feature) -> Feature:
    return Feature(replace(feature.tensor, dtype="float32"))
