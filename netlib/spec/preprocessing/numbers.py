"""Steps over numbers.

All but Impute leave a missing number missing, and learn from those that are there. Their result is float32; one number a sample
becomes a column, `(rows, 1)`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from netlib.spec.features import Feature, PreprocessingSpec
from netlib.spec.types import Float, Int, as_tuple

LARGEST = 3.4028234663852886e38
"""Of float32."""


class _PerAxis(PreprocessingSpec):
    """Learns numbers of its own for each index of the last axis, or for each element."""

    per: Literal["channel", "element"] = Field(
        "channel",
        description="What is learned for itself: each index of the last axis (a column, a channel) or each element.",
    )

    def feature(self, feature: Feature, learned: Mapping[str, Any] | None = None) -> Feature:
        """The same shape in float32, of no known range."""
        return _as_numbers(feature)


class Standardize(_PerAxis):
    """Subtracts the mean and divides by the standard deviation, both of the training split.

    A constant becomes 0. Integers become float32. What is missing stays so.
    """

    shorthand = "per"


class RobustScale(_PerAxis):
    """Subtracts the median and divides by the distance from the first to the third quartile, all of the training split.

    A few values far off do not move them. Where the quartiles are equal, the median is subtracted only. What is missing stays so.
    """

    shorthand = "per"


class MinMax(_PerAxis):
    """Brings the least value of the training split to `minimum` and the largest to `maximum`, and all others as far between.

    A constant becomes `minimum`. Values beyond those of the training split come to lie beyond, or with `clip` at the ends. What
    is missing stays so.
    """

    minimum: Float = Field(0.0, description="What the least value of the training split becomes.")
    maximum: Float = Field(1.0, description="What the largest one becomes.")
    clip: bool = Field(False, description="Whether values beyond those of the training split become the nearest end.")

    @model_validator(mode="after")
    def _rises(self) -> Self:
        _check_rising(self.minimum, self.maximum)
        return self

    def feature(self, feature: Feature, learned: Mapping[str, Any] | None = None) -> Feature:
        """The same shape in float32; its range is known where values are clipped."""
        ends = (self.minimum, self.maximum) if self.clip else (None, None)
        return replace(_as_numbers(feature), minimum=ends[0], maximum=ends[1])


class Rescale(PreprocessingSpec):
    """`x * scale + offset`, in float32: `Rescale: $(1 / 255)` brings the bytes of an image to between 0 and 1.

    What is missing stays so.
    """

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


class Clip(PreprocessingSpec):
    """Makes what is less than `minimum` that, and what is more than `maximum` that. What is missing stays so."""

    minimum: Float | None = Field(
        None, ge=-LARGEST, le=LARGEST, description="The least value; by default there is none."
    )
    maximum: Float | None = Field(
        None, ge=-LARGEST, le=LARGEST, description="The largest one; by default there is none."
    )

    @model_validator(mode="after")
    def _has_an_end(self) -> Self:
        if self.minimum is None and self.maximum is None:
            raise ValueError("Clip needs 'minimum', 'maximum' or both")
        _check_rising(self.minimum, self.maximum)
        return self

    def feature(self, feature: Feature, learned: Mapping[str, Any] | None = None) -> Feature:
        """The same shape in float32, within the ends."""
        least, most = (self._clipped(end) for end in (feature.minimum, feature.maximum))
        least = self.minimum if least is None else least
        return replace(_as_numbers(feature), minimum=least, maximum=self.maximum if most is None else most)

    def _clipped(self, end: float | None) -> float | None:
        if end is None:
            return None
        raised = end if self.minimum is None else max(end, self.minimum)
        return raised if self.maximum is None else min(raised, self.maximum)


class Log(PreprocessingSpec):
    """The natural logarithm of `x + offset`: amounts of very different sizes come to lie side by side.

    A value for which that is not above 0 is an error. What is missing stays so.
    """

    shorthand = "offset"
    offset: Float = Field(0.0, description="What is added before: 1 where values may be 0.")

    def feature(self, feature: Feature, learned: Mapping[str, Any] | None = None) -> Feature:
        """The same shape in float32, its range that of the logarithms where these exist."""
        ends = [
            math.log(end + self.offset) if end is not None and end + self.offset > 0 else None
            for end in (feature.minimum, feature.maximum)
        ]
        return replace(_as_numbers(feature), minimum=ends[0], maximum=ends[1])


class Bucketize(PreprocessingSpec):
    """The number of the bucket that a value lies in, from 0 on; for an Embedding, or with OneHot behind it.

    A boundary belongs to the bucket above it. With `quantiles` the buckets get about equal shares of the training split; where
    one value is very frequent, some of them stay empty. A missing value is an error: put Impute in front.
    """

    boundaries: Annotated[tuple[Float, ...], BeforeValidator(as_tuple)] | None = Field(
        None, min_length=1, description="What divides the buckets, rising; there is one bucket more than boundaries."
    )
    quantiles: Int | None = Field(
        None, ge=2, description="Number of buckets, divided by quantiles of the training split."
    )

    single = True

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.boundaries is None) == (self.quantiles is None):
            raise ValueError("Bucketize needs either 'boundaries' or 'quantiles'")
        if self.boundaries and any(b <= a for a, b in zip(self.boundaries, self.boundaries[1:], strict=False)):
            raise ValueError(f"boundaries must rise, got {[*self.boundaries]}")
        return self

    @property
    def buckets(self) -> int:
        """How many there are."""
        return self.quantiles if self.quantiles is not None else len(self.boundaries or ()) + 1

    def feature(self, feature: Feature, learned: Mapping[str, Any] | None = None) -> Feature:
        """One int32 a sample."""
        return Feature(replace(feature.tensor, shape=(None,), dtype="int32"), minimum=0, maximum=self.buckets - 1)


class Impute(PreprocessingSpec):
    """Puts a number where one is missing; the result is float32.

    Of several values that are equally frequent, `most_frequent` is the least. Where all of the training split are missing, only
    a number can be put.
    """

    shorthand = "by"
    by: Literal["median", "mean", "most_frequent"] | Float = Field(
        "median", description="What is put there: that of the training split, or a number."
    )
    flag: bool = Field(
        False,
        description="Whether a column of 0 and 1 is added for each index of the last axis: 1 where it was missing.",
    )

    fills = True

    def feature(self, feature: Feature, learned: Mapping[str, Any] | None = None) -> Feature:
        """The same shape in float32; with flags its last axis is twice as long."""
        result = _as_numbers(feature)
        put = [] if isinstance(self.by, str) else [self.by]
        added = [*put, *((0.0, 1.0) if self.flag else ())]
        if feature.minimum is not None:
            result = replace(result, minimum=min(feature.minimum, *added) if added else feature.minimum)
        if feature.maximum is not None:
            result = replace(result, maximum=max(feature.maximum, *added) if added else feature.maximum)
        *axes, last = result.tensor.shape
        if not self.flag or last is None:
            return result
        return replace(result, tensor=replace(result.tensor, shape=(*axes, 2 * last)))


def _check_rising(minimum: float | None, maximum: float | None) -> None:
    if minimum is not None and maximum is not None and minimum >= maximum:
        raise ValueError(f"minimum (={minimum:g}) must be less than maximum (={maximum:g})")


def _as_numbers(feature: Feature) -> Feature:
    return Feature(feature.as_column().tensor)
