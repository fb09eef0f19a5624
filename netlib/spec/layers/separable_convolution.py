"""Layers that convolve each channel by itself and then mix the channels: SeparableConv1D, SeparableConv2D."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Generic

from netlib.spec.choice import Constraint, Initializer, Regularizer
from netlib.spec.fields import limited, penalised, starts_as
from netlib.spec.layer import Weight, need_axis
from netlib.spec.layers.depthwise_convolution import Multiplied
from netlib.spec.layers.kernels import Dilated, Filters, Finished, Rule, Size
from netlib.spec.layers.padding import WindowPadding1D, WindowPadding2D
from netlib.spec.tensors import Shape, known_product, sum_known
from netlib.spec.types import Pair, Single


class SeparableConvolution(Finished, Multiplied[Size, Rule], Dilated[Size, Rule], Filters, Generic[Size, Rule]):
    """A convolution of each channel by itself over one axis or two, and a mixture of the results at each place."""

    depthwise_initializer: Initializer = starts_as("glorot_uniform", "depthwise kernel")
    pointwise_initializer: Initializer = starts_as("glorot_uniform", "pointwise kernel")
    bias_initializer: Initializer = starts_as("zeros", "bias")
    depthwise_regularizer: Regularizer = penalised("depthwise kernel")
    pointwise_regularizer: Regularizer = penalised("pointwise kernel")
    bias_regularizer: Regularizer = penalised("bias")
    depthwise_constraint: Constraint = limited("depthwise kernel")
    pointwise_constraint: Constraint = limited("pointwise kernel")
    bias_constraint: Constraint = limited("bias")

    def output_shape(self, shape: Shape) -> Shape:
        """(batch, *places, filters), by the windows that find room."""
        return self.given(shape, self.places(shape), self.filters)

    def weights(self, shape: Shape) -> list[Weight]:
        """`depthwise_kernel` (*kernel_size, channels, depth_multiplier), `pointwise_kernel` (1, ..., channels * depth_multiplier,
        filters) and `bias` (filters)."""
        channels = need_axis(self, shape)
        depthwise = self.weight("depthwise", *self.kernel_size, channels, self.depth_multiplier)
        ones = [1] * len(self.kernel_size)
        pointwise = self.weight("pointwise", *ones, channels * self.depth_multiplier, self.filters)
        return [_kernel(depthwise), _kernel(pointwise), *self.bias(self.filters)]

    def macs(self, shape: Shape) -> int | None:
        """One for each element of both kernels, at each place of the output."""
        between = self._between(shape)
        return None if between is None else between * (prod(self.kernel_size) + self.filters)

    def kept(self, shape: Shape) -> int | None:
        """What stands between the two convolutions, and what the activation keeps."""
        return sum_known([self._between(shape), super().kept(shape)])

    def _between(self, shape: Shape) -> int | None:
        places = known_product(self.places(shape))
        return None if places is None else places * need_axis(self, shape) * self.depth_multiplier


class SeparableConv1D(SeparableConvolution[Single, WindowPadding1D]):
    """Cross-correlation of each channel of a sequence (batch, time, features) by itself, then a mixture of the channels."""


class SeparableConv2D(SeparableConvolution[Pair, WindowPadding2D]):
    """Cross-correlation of each channel of an image (batch, height, width, channels) by itself, then a mixture of the channels.

    As in Xception (Chollet 2017).
    """


def _kernel(weight: Weight) -> Weight:
    return replace(weight, name=f"{weight.name}_kernel")
