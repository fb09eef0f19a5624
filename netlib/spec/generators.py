"""Generated data sets: as many samples as are asked for, drawn from the experiment's seed."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from netlib.spec.features import DataSignature, Feature, SourceSpec, labels, numbers
from netlib.spec.types import NonNegativeFloat, PositiveFloat, PositiveInt

Samples = Annotated[PositiveInt, Field(le=10_000_000)]
Columns = Annotated[PositiveInt, Field(le=10_000)]


class ClassesSpec(SourceSpec):
    """Base of the generators of classes: points `features` and their class `label`, as many of each class as of any other."""

    samples: Samples = Field(1000, description="How many samples to draw.")

    def signature(self) -> DataSignature:
        """`features` and `label`."""
        return DataSignature({"features": numbers(self._columns())}, {"label": labels(self._classes())}, self.samples)

    def _columns(self) -> int:
        return 2

    def _classes(self) -> int:
        return 2

    @model_validator(mode="after")
    def _every_class_has_samples(self) -> Self:
        if self.samples < self._classes():
            raise ValueError(f"samples (={self.samples}) must not be fewer than the classes (={self._classes()})")
        return self


class Spirals(ClassesSpec):
    """Spiral arms around the origin, one for each class; not separable by lines."""

    classes: Annotated[PositiveInt, Field(ge=2, le=1000)] = Field(2, description="Number of arms.")
    turns: PositiveFloat = Field(1.5, description="Turns that an arm makes on its way from the origin to radius 1.")
    noise: NonNegativeFloat = Field(0.02, description="Standard deviation of what is added to every coordinate.")

    def _classes(self) -> int:
        return self.classes


class Moons(ClassesSpec):
    """Two half circles of radius 1 that reach into each other."""

    noise: NonNegativeFloat = Field(0.1, description="Standard deviation of what is added to every coordinate.")


class Blobs(ClassesSpec):
    """A normal distribution for each class, around a centre drawn from the cube between -5 and 5."""

    classes: Annotated[PositiveInt, Field(ge=2, le=1000)] = Field(3, description="Number of blobs.")
    features: Columns = Field(2, description="Number of coordinates.")
    noise: NonNegativeFloat = Field(1.0, description="Standard deviation of a blob in every coordinate.")

    def _columns(self) -> int:
        return self.features

    def _classes(self) -> int:
        return self.classes


class Xor(SourceSpec):
    """Points of the cube between -1 and 1; the class is 1 where an odd number of coordinates is positive."""

    samples: Samples = Field(1000, description="How many samples to draw.")
    features: Columns = Field(2, description="Number of coordinates.")
    noise: NonNegativeFloat = Field(
        0.0, description="Standard deviation of what is added to every coordinate once the class is known."
    )

    def signature(self) -> DataSignature:
        """`features` and `label`."""
        return DataSignature({"features": numbers(self.features)}, {"label": labels(2)}, self.samples)


class Sine(SourceSpec):
    """A noisy sine: `value` is `sin(pi * periods * features)`, with `features` between -1 and 1."""

    samples: Samples = Field(1000, description="How many samples to draw.")
    periods: PositiveFloat = Field(1.0, description="Periods between -1 and 1.")
    noise: NonNegativeFloat = Field(0.1, description="Standard deviation of what is added to the value.")

    def signature(self) -> DataSignature:
        """`features` and `value`."""
        features = numbers(1, minimum=-1.0, maximum=1.0)
        return DataSignature({"features": features}, {"value": _value(self.noise)}, self.samples)


class Regression(SourceSpec):
    """A linear function of standard normal `features`, with coefficients drawn from the seed, and noise."""

    samples: Samples = Field(1000, description="How many samples to draw.")
    features: Columns = Field(10, description="Number of coordinates.")
    noise: NonNegativeFloat = Field(0.1, description="Standard deviation of what is added to the value.")

    def signature(self) -> DataSignature:
        """`features` and `value`."""
        return DataSignature({"features": numbers(self.features)}, {"value": numbers(1)}, self.samples)


def _value(noise: float) -> Feature:
    return numbers(1) if noise else numbers(1, minimum=-1.0, maximum=1.0)
