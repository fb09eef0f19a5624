"""Layers that convolve each channel by itself and then mix the channels: SeparableConv1D, SeparableConv2D."""

from __future__ import annotations

from typing import Any, TypeVar

import tensorflow as tf

from netlib.nn.layers.depthwise_convolution import depthwise
from netlib.nn.layers.kernels import Finished
from netlib.spec.layers import separable_convolution as spec

SeparableSpec = TypeVar("SeparableSpec", bound=spec.SeparableConvolution[Any, Any])


class SeparableConvolution(Finished[SeparableSpec]):
    """Cross-correlation of each channel by itself, over one axis or two, then a mixture of the channels at each place."""

    depthwise_kernel: tf.Variable
    pointwise_kernel: tf.Variable

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(batch, *places, channels) to (batch, *places, filters)."""
        between = depthwise(self.spec, inputs, self.cast(self.depthwise_kernel))
        return self.finished(tf.nn.convolution(between, self.cast(self.pointwise_kernel)))


class SeparableConv1D(SeparableConvolution[spec.SeparableConv1D]):
    """Cross-correlation of each channel of a sequence by itself, then a mixture of the channels.

    Weights: `depthwise_kernel` (kernel_size, features, depth_multiplier), `pointwise_kernel` (1, features * depth_multiplier,
    filters), `bias` (filters).
    """


class SeparableConv2D(SeparableConvolution[spec.SeparableConv2D]):
    """Cross-correlation of each channel of an image by itself, then a mixture of the channels.

    Weights: `depthwise_kernel` (height, width, channels, depth_multiplier), `pointwise_kernel` (1, 1, channels *
    depth_multiplier, filters), `bias` (filters).
    """
