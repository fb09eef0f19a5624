"""Generated points: one input `features`, and as the target a class or a value."""

from __future__ import annotations

from pydantic import Field

from netlib.spec.features import DataSignature, Feature, labels, numbers
from netlib.spec.sources.generated import BalancedSpec, Classes, Columns, GeneratedSpec
from netlib.spec.types import NonNegativeFloat, PositiveFloat


class ClassesSpec(BalancedSpec):
    """Base of the generators of classes: points `features` and their class `label`, as many of each class as of any other."""

    def signature(self) -> DataSignature:
        """`features` and `label`."""
        return DataSignature({"features": numbers(self._columns())}, {"label": labels(self._classes())}, self.samples)

    def _columns(self) -> int:
        return 2

    def _classes(self) -> int:
        return 2


class Spirals(ClassesSpec):
    """Spiral arms around the origin, one for each class; not separable by lines."""

    classes: Classes = Field(2, description="Number of arms.")
    turns: PositiveFloat = Field(1.5, description="Turns that an arm makes on its way from the origin to radius 1.")
    noise: NonNegativeFloat = Field(0.02, description="Standard deviation of what is added to every coordinate.")

    def _classes(self) -> int:
        return self.classes


class Moons(ClassesSpec):
    """Two half circles of radius 1 that reach into each other."""

    noise: NonNegativeFloat = Field(0.1, description="Standard deviation of what is added to every coordinate.")


class Blobs(ClassesSpec):
    """A normal distribution for each class, around a centre drawn from the cube between -5 and 5."""

    classes: Classes = Field(3, description="Number of blobs.")
    features: Columns = Field(2, description="Number of coordinates.")
    noise: NonNegativeFloat = Field(1.0, description="Standard deviation of a blob in every coordinate.")

    def _columns(self) -> int:
        return self.features

    def _classes(self) -> int:
        return self.classes


class Xor(GeneratedSpec):
    """Points of the cube between -1 and 1; the class is 1 where an odd number of coordinates is positive."""

    features: Columns = Field(2, description="Number of coordinates.")
    noise: NonNegativeFloat = Field(
        0.0, description="Standard deviation of what is added to every coordinate once the class is known."
    )

    def signature(self) -> DataSignature:
        """`features` and `label`."""
        return DataSignature({"features": numbers(self.features)}, {"label": labels(2)}, self.samples)


class Sine(GeneratedSpec):
    """A noisy sine: `value` is `sin(pi * periods * features)`, with `features` between -1 and 1."""

    periods: PositiveFloat = Field(1.0, description="Periods between -1 and 1.")
    noise: NonNegativeFloat = Field(0.1, description="Standard deviation of what is added to the value.")

    def signature(self) -> DataSignature:
        """`features` and `value`."""
        features = numbers(1, minimum=-1.0, maximum=1.0)
        return DataSignature({"features": features}, {"value": _value(self.noise)}, self.samples)


class Regression(GeneratedSpec):
    """A linear function of standard normal `features`, with coefficients drawn from the seed, and noise."""

    features: Columns = Field(10, description="Number of coordinates.")
    noise: NonNegativeFloat = Field(0.1, description="Standard deviation of what is added to the value.")

    def signature(self) -> DataSignature:
        """`features` and `value`."""
        return DataSignature({"features": numbers(self.features)}, {"value": numbers(1)}, self.samples)


def _value(noise: float) -> Feature:
    return numbers(1) if noise else numbers(1, minimum=-1.0, maximum=1.0)
