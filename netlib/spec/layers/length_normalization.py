"""Layers that bring vectors to one length, and leave their mean alone: RMSNormalization, UnitNormalization."""

from __future__ import annotations

from pydantic import Field

from netlib.spec.initializers import Ones
from netlib.spec.layer import LayerSpec, Weight, need_axis, need_feature_axes
from netlib.spec.tensors import Shape, elements
from netlib.spec.types import Axes, NonNegativeFloat


class RMSNormalization(LayerSpec):
    """`input / sqrt(mean(input ** 2) + epsilon) * scale`, with a mean for each sample and place.

    It is taken over `axis`, and so is the trained factor shaped. Zhang and Sennrich, *Root mean square layer normalization*,
    2019.
    """

    keeps_output = False
    supports_masking = True
    axis: Axes = Field(-1, description="Axis or axes over which the mean of the squares is taken.")
    epsilon: NonNegativeFloat = Field(1e-6, description="Added to the mean, against division by zero.")

    def kept(self, shape: Shape) -> int | None:
        """What the factor is multiplied with."""
        return elements(shape)

    def output_shape(self, shape: Shape) -> Shape:
        """The input's."""
        self.weights(shape)
        return shape

    def weights(self, shape: Shape) -> list[Weight]:
        """`scale`, of the lengths of the axes."""
        lengths = tuple(need_axis(self, shape, axis) for axis in need_feature_axes(self, shape, self.axis))
        return [Weight("scale", lengths, Ones())]


class UnitNormalization(LayerSpec):
    """`input / sqrt(sum(input ** 2))`: vectors of length 1 along `axis`; those of length 0 stay as they are."""

    supports_masking = True
    axis: Axes = Field(-1, description="Axis or axes along which the length is taken.")

    def output_shape(self, shape: Shape) -> Shape:
        """The input's."""
        need_feature_axes(self, shape, self.axis)
        return shape
