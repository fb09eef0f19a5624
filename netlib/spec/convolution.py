"""Layers that slide a kernel over their input: Conv2D."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from netlib.spec.choice import Activation, Constraint, Initializer, Regularizer
from netlib.spec.errors import SpecError
from netlib.spec.fields import activated, biased, limited, penalised, starts_as
from netlib.spec.layer import LayerSpec, Weight, need_activation_axis, need_axis
from netlib.spec.tensors import Shape, known_product, show
from netlib.spec.types import Padding, Pair, PositiveInt
from netlib.spec.windows import windows


class Conv2D(LayerSpec):
    """Cross-correlation of an image (batch, height, width, channels) with `filters` kernels."""

    fast_xla_on_cpu = False
    filters: PositiveInt = Field(description="Number of output channels.")
    kernel_size: Pair = Field(description="Height and width of the kernel; one number stands for both.")
    strides: Pair = Field((1, 1), description="Steps of the kernel down and across.")
    padding: Padding = Field(
        "valid",
        description="valid: the kernel stays inside; same: zeros around, so that strides alone shrink the image.",
    )
    dilation_rate: Pair = Field((1, 1), description="Distance between the kernel's neighbouring entries.")
    groups: PositiveInt = Field(
        1, description="Parts into which the channels are cut; each has kernels of its own. Divides input and filters."
    )
    activation: Activation = activated()
    use_bias: bool = biased()
    kernel_initializer: Initializer = starts_as("glorot_uniform", "kernel")
    bias_initializer: Initializer = starts_as("zeros", "bias")
    kernel_regularizer: Regularizer = penalised("kernel")
    bias_regularizer: Regularizer = penalised("bias")
    kernel_constraint: Constraint = limited("kernel")
    bias_constraint: Constraint = limited("bias")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.filters % self.groups:
            raise ValueError(f"filters (= {self.filters}) must be divisible by groups (= {self.groups})")
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                f"strides (= {list(self.strides)}) and dilation_rate (= {list(self.dilation_rate)})"
                " cannot both be greater than 1"
            )
        return self

    def output_shape(self, shape: Shape) -> Shape:
        """(batch, height, width, filters), by the windows that find room."""
        places = windows(self, shape, self.kernel_size, self.strides, self.padding, self.dilation_rate)
        output = (shape[0], *places, self.filters)
        need_activation_axis(self, self.activation, output)
        return output

    def weights(self, shape: Shape) -> list[Weight]:
        """`kernel` (height, width, input channels / groups, filters) and `bias` (filters)."""
        kernel = self.weight("kernel", *self.kernel_size, self._channels_of_a_group(shape), self.filters)
        return [kernel, self.weight("bias", self.filters)] if self.use_bias else [kernel]

    def macs(self, shape: Shape) -> int | None:
        """One for each element of the kernel, at each place of the output."""
        height, width = self.kernel_size
        places = known_product(self.output_shape(shape)[1:3])
        return None if places is None else places * height * width * self._channels_of_a_group(shape) * self.filters

    def _channels_of_a_group(self, shape: Shape) -> int:
        channels = need_axis(self, shape)
        if channels % self.groups:
            raise SpecError(
                f"Conv2D's groups (= {self.groups}) must divide the channels (= {channels}) of its input {show(shape)}"
            )
        return channels // self.groups
