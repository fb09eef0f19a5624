"""Layers that slide kernels over each channel by itself: DepthwiseConv1D, DepthwiseConv2D."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Generic

from pydantic import Field

from netlib.spec.choice import Constraint, Initializer, Regularizer
from netlib.spec.fields import limited, penalised, starts_as
from netlib.spec.layer import Weight, need_axis
from netlib.spec.layers.kernels import Dilated, Finished, Rule, Size, Sliding
from netlib.spec.layers.padding import WindowPadding1D, WindowPadding2D
from netlib.spec.tensors import Shape, known_product
from netlib.spec.types import Pair, PositiveInt, Single


class Multiplied(Sliding[Size, Rule], Generic[Size, Rule]):
    """A layer that makes several channels of each."""

    depth_multiplier: PositiveInt = Field(
        1, description="Kernels for each input channel; each gives an output channel."
    )


class DepthwiseConvolution(Finished, Dilated[Size, Rule], Multiplied[Size, Rule], Generic[Size, Rule]):
    """A convolution of each channel by itself over one axis or two."""

    depthwise_initializer: Initializer = starts_as("glorot_uniform", "kernel")
    bias_initializer: Initializer = starts_as("zeros", "bias")
    depthwise_regularizer: Regularizer = penalised("kernel")
    bias_regularizer: Regularizer = penalised("bias")
    depthwise_constraint: Constraint = limited("kernel")
    bias_constraint: Constraint = limited("bias")

    @property
    def kernel_outputs(self) -> tuple[int, ...]:
        """The axes of channels and their kernels: each pair is an output channel."""
        return (-2, -1)

    def output_shape(self, shape: Shape) -> Shape:
        """(batch, *places, channels * depth_multiplier), by the windows that find room."""
        places = self.places(shape)
        return self.given(shape, places, self._filters(shape))

    def weights(self, shape: Shape) -> list[Weight]:
        """`kernel` (*kernel_size, channels, depth_multiplier) and `bias` (channels * depth_multiplier)."""
        kernel = self.weight("depthwise", *self.kernel_size, need_axis(self, shape), self.depth_multiplier)
        return [replace(kernel, name="kernel"), *self.bias(self._filters(shape))]

    def macs(self, shape: Shape) -> int | None:
        """One for each element of the kernel, at each place of the output."""
        places = known_product(self.places(shape))
        return None if places is None else places * prod(self.kernel_size) * self._filters(shape)

    def _filters(self, shape: Shape) -> int:
        return need_axis(self, shape) * self.depth_multiplier


class DepthwiseConv1D(DepthwiseConvolution[Single, WindowPadding1D]):
    """Cross-correlation of each channel of a sequence (batch, time, features) with kernels of its own."""


class DepthwiseConv2D(DepthwiseConvolution[Pair, WindowPadding2D]):
    """Cross-correlation of each channel of an image (batch, height, width, channels) with kernels of its own."""
