"""Layers that slide a kernel over their input: Conv2D, Conv2DTranspose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from pydantic import Field, model_validator

from netlib.spec.choice import Activation, Constraint, Initializer, Regularizer
from netlib.spec.errors import SpecError
from netlib.spec.fields import activated, biased, limited, penalised, starts_as
from netlib.spec.layer import LayerSpec, Weight, need_activation_axis, need_axis, need_rank
from netlib.spec.layers.padding import NaturalPair, WindowPadding
from netlib.spec.layers.windows import reach, windows
from netlib.spec.tensors import Shape, known_product, show
from netlib.spec.types import Padding, Pair, PositiveInt


class Conv2D(LayerSpec):
    """Cross-correlation of an image (batch, height, width, channels) with `filters` kernels."""

    keeps_output = False
    fast_xla_on_cpu = False
    filters: PositiveInt = Field(description="Number of output channels.")
    kernel_size: Pair = Field(description="Height and width of the kernel; one number stands for both.")
    strides: Pair = Field((1, 1), description="Steps of the kernel down and across.")
    padding: WindowPadding = Field(
        "valid",
        description="valid: the kernel stays inside; same: zeros around, so that strides alone shrink the image; or rows"
        " and columns of zeros: on all sides, for height and width, or ((top, bottom), (left, right)).",
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
        _check_steps(self)
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


class Conv2DTranspose(LayerSpec):
    """The transpose of a convolution: each place of an image (batch, height, width, channels) spreads a kernel over the output.

    It has the shapes of a Conv2D's gradient, and so undoes how that one's strides shrink an image.
    """

    keeps_output = False
    fast_xla_on_cpu = False
    filters: PositiveInt = Field(description="Number of output channels.")
    kernel_size: Pair = Field(description="Height and width of the kernel; one number stands for both.")
    strides: Pair = Field((1, 1), description="Steps down and across the output from place to place of the input.")
    padding: Padding = Field(
        "valid",
        description="valid: all that the kernels reach; same: cut so that strides alone grow the image.",
    )
    output_padding: NaturalPair | None = Field(
        None,
        description="Rows and columns of the output beyond the least (with same: beyond (length - 1) * stride + 1 for an"
        " odd kernel); by default as many as `padding` says.",
    )
    dilation_rate: Pair = Field((1, 1), description="Distance between the kernel's neighbouring entries.")
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
        _check_steps(self)
        if self.output_padding is None:
            return self
        for span, stride, extra in zip(self._spans, self.strides, self.output_padding, strict=True):
            least = 1 - span % 2 if self.padding == "same" else 0
            most = stride - span % 2 if self.padding == "same" else stride - 1
            if not least <= extra <= most:
                raise ValueError(
                    f"output_padding (= {list(self.output_padding)}) must be from {least} to {most} where the stride is"
                    f" {stride}, the kernel reaches {span} and padding is {self.padding}"
                )
        return self

    @property
    def _spans(self) -> Pair:
        return reach(self.kernel_size, self.dilation_rate)

    def output_shape(self, shape: Shape) -> Shape:
        """(batch, height, width, filters), height and width grown by the strides."""
        need_rank(self, shape, 4, "(batch, height, width, channels)")
        output = (shape[0], *self.lengths(shape[1:3]), self.filters)
        need_activation_axis(self, self.activation, output)
        return output

    def lengths(self, axes: Sequence[Any]) -> list[Any]:
        """Height and width of the output from those of the input, which may be anything to calculate with; None stays None."""
        extra = self.output_padding or (None, None)
        return [
            None if axis is None else self._length(axis, span, stride, more)
            for axis, span, stride, more in zip(axes, self._spans, self.strides, extra, strict=True)
        ]

    def _length(self, axis: Any, span: int, stride: int, extra: int | None) -> Any:
        if self.padding == "same":
            return axis * stride if extra is None else (axis - 1) * stride + span % 2 + extra
        return (axis - 1) * stride + (max(span, stride) if extra is None else span + extra)

    def weights(self, shape: Shape) -> list[Weight]:
        """`kernel` (height, width, filters, input channels) and `bias` (filters)."""
        kernel = self.weight("kernel", *self.kernel_size, self.filters, need_axis(self, shape))
        return [kernel, self.weight("bias", self.filters)] if self.use_bias else [kernel]

    def macs(self, shape: Shape) -> int | None:
        """One for each element of the kernel, at each place of the input."""
        height, width = self.kernel_size
        places = known_product(shape[1:3])
        return None if places is None else places * height * width * self.filters * need_axis(self, shape)


def _check_steps(layer: Conv2D | Conv2DTranspose) -> None:
    if max(layer.strides) > 1 and max(layer.dilation_rate) > 1:
        raise ValueError(
            f"strides (= {list(layer.strides)}) and dilation_rate (= {list(layer.dilation_rate)})"
            " cannot both be greater than 1"
        )
