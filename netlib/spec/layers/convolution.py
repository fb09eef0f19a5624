"""Layers that slide a kernel over their input: Conv1D, Conv2D, Conv3D."""

from __future__ import annotations

from math import prod
from typing import Generic, Self

from pydantic import Field, model_validator

from netlib.spec.errors import SpecError
from netlib.spec.layer import Weight, need_axis
from netlib.spec.layers.kernels import EitherStridesOrDilation, Filters, KernelAndBias, Rule, Size, surrounded
from netlib.spec.layers.padding import CausalPadding, WindowPadding2D, WindowPadding3D
from netlib.spec.tensors import Shape, known_product, show
from netlib.spec.types import Pair, PositiveInt, Single, Triple


class _Grouped(EitherStridesOrDilation[Size, Rule], Generic[Size, Rule]):
    groups: PositiveInt = Field(
        1, description="Parts into which the channels are cut; each has kernels of its own. Divides input and filters."
    )


class Convolution(KernelAndBias, _Grouped[Size, Rule], Filters, Generic[Size, Rule]):
    """A convolution over one, two or three axes."""

    @model_validator(mode="after")
    def _in_whole_groups(self) -> Self:
        if self.filters % self.groups:
            raise ValueError(f"filters (= {self.filters}) must be divisible by groups (= {self.groups})")
        return self

    def output_shape(self, shape: Shape) -> Shape:
        """(batch, *places, filters), by the windows that find room."""
        return self.given(shape, self.places(shape), self.filters)

    def weights(self, shape: Shape) -> list[Weight]:
        """`kernel` (*kernel_size, input channels / groups, filters) and `bias` (filters)."""
        kernel = self.weight("kernel", *self.kernel_size, self._channels_of_a_group(shape), self.filters)
        return [kernel, *self.bias(self.filters)]

    def macs(self, shape: Shape) -> int | None:
        """One for each element of the kernel, at each place of the output."""
        places = known_product(self.places(shape))
        element = prod(self.kernel_size) * self._channels_of_a_group(shape) * self.filters
        return None if places is None else places * element

    def _channels_of_a_group(self, shape: Shape) -> int:
        channels = need_axis(self, shape)
        if channels % self.groups:
            raise SpecError(
                f"{self.type_name()}'s groups (= {self.groups}) must divide the channels (= {channels})"
                f" of its input {show(shape)}"
            )
        return channels // self.groups


class Conv1D(Convolution[Single, CausalPadding]):
    """Cross-correlation of a sequence (batch, time, features) with `filters` kernels."""

    padding: CausalPadding = surrounded(" causal: the same, all zeros before, so that no place sees a later one;")


class Conv2D(Convolution[Pair, WindowPadding2D]):
    """Cross-correlation of an image (batch, height, width, channels) with `filters` kernels."""


class Conv3D(Convolution[Triple, WindowPadding3D]):
    """Cross-correlation of a volume, or of frames (batch, depth, height, width, channels), with `filters` kernels."""
