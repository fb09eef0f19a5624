"""Layers that normalise each sample's channels in groups: GroupNormalization, InstanceNormalization."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, PlainValidator

from netlib.spec.base import shown
from netlib.spec.errors import SpecError
from netlib.spec.layer import LayerSpec, Weight, need_axis, need_feature_axis, need_min_rank
from netlib.spec.layers.normalization import OwnStatistics, trained_names
from netlib.spec.tensors import Shape, show
from netlib.spec.types import Int, PositiveInt, whole

EACH = -1
"""Stands for as many groups as there are channels."""


def _groups(value: Any) -> int:
    count = whole(value)
    if type(count) is int and (count > 0 or count == EACH):
        return count
    raise ValueError(f"expected a positive integer, or -1 for a group for each channel, got {shown(value)}")


Groups = Annotated[int, PlainValidator(_groups, json_schema_input_type=PositiveInt | Literal[-1])]


class GroupedSpec(OwnStatistics):
    """Base of both."""

    uses_mask = True
    if TYPE_CHECKING:  # each has its own words for it, among its other parameters
        axis: int

    def group_count(self, shape: Shape) -> int:
        """How many groups there are.

        Raises:
            SpecError: the channels cannot be parted into so many, or each value would be a group by itself.
        """
        raise NotImplementedError

    def channel_axis(self, shape: Shape) -> int:
        """The axis of the channels, counted from the front.

        Raises:
            SpecError: the shape has no such axis.
        """
        return need_feature_axis(self, shape, self.axis)

    def output_shape(self, shape: Shape) -> Shape:
        """The input's."""
        self.group_count(shape)
        return shape

    def weights(self, shape: Shape) -> list[Weight]:
        """`gamma` and `beta`, each as long as the axis."""
        length = need_axis(self, shape, self.channel_axis(shape))
        return [self.weight(name, length) for name in trained_names(self)]


class _Groups(LayerSpec):
    groups: Groups = Field(32, description="How many groups there are; -1 for one for each channel.")
    axis: Int = Field(-1, description="Axis that is parted into groups: the channels.")


class GroupNormalization(GroupedSpec, _Groups):
    """`(input - mean) / sqrt(variance + epsilon) * gamma + beta`, with a mean and a variance for each sample and group of
    channels that lie side by side, over all other axes.

    Places that the mask leaves out do not count. Wu and He, *Group normalization*, 2018.
    """

    def group_count(self, shape: Shape) -> int:
        """`groups`, or the number of channels."""
        axis = self.channel_axis(shape)
        length = need_axis(self, shape, axis)
        count = length if self.groups == EACH else self.groups
        if not count or length % count:
            raise SpecError(
                f"GroupNormalization's groups (= {count}) must divide the length of axis {axis} (= {length}) of its input"
                f" {show(shape)}"
            )
        if count == length and len(shape) == 2:
            raise SpecError(
                f"GroupNormalization with groups (= {self.groups}) would make every value of its input {show(shape)} 0: a"
                " group of one channel has no second value; take fewer groups"
            )
        return count


class _Channels(LayerSpec):
    axis: Int = Field(-1, description="Axis whose indices are normalised each by itself: the channels.")


class InstanceNormalization(GroupedSpec, _Channels):
    """`(input - mean) / sqrt(variance + epsilon) * gamma + beta`, with a mean and a variance for each sample and channel, over
    the axes between them.

    Places that the mask leaves out do not count. Ulyanov, Vedaldi and Lempitsky, *Instance normalization*, 2016.
    """

    def group_count(self, shape: Shape) -> int:
        """The number of channels."""
        need_min_rank(self, shape, 3)
        return need_axis(self, shape, self.channel_axis(shape))
