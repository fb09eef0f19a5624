"""Layers that add normal noise in training, or multiply with it: GaussianNoise, GaussianDropout."""

from __future__ import annotations

from pydantic import Field

from netlib.spec.layer import LayerSpec
from netlib.spec.tensors import Shape, elements
from netlib.spec.types import Fraction, NonNegativeFloat


class GaussianNoise(LayerSpec):
    """In training, adds normal noise of mean 0 to each value."""

    keeps_input = False
    keeps_output = False
    supports_masking = True
    shorthand = "stddev"
    random = True
    stddev: NonNegativeFloat = Field(description="Standard deviation of the noise.")

    def output_shape(self, shape: Shape) -> Shape:
        """The input's."""
        return shape


class GaussianDropout(LayerSpec):
    """In training, multiplies each value with normal noise of mean 1 and the variance of Dropout's factors,
    `rate / (1 - rate)`.

    Srivastava and others, *Dropout*, 2014, section 10.
    """

    keeps_input = False
    keeps_output = False
    supports_masking = True
    shorthand = "rate"
    random = True
    rate: Fraction = Field(description="The rate of the Dropout whose variance the noise has.")

    def kept(self, shape: Shape) -> int | None:
        """What was drawn."""
        return elements(shape)

    def output_shape(self, shape: Shape) -> Shape:
        """The input's."""
        return shape
