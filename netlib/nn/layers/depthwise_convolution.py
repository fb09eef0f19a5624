"""Layers that slide kernels over each channel by itself: DepthwiseConv1D, DepthwiseConv2D."""

from __future__ import annotations

from typing import Any, TypeVar

import tensorflow as tf

from netlib.nn.layers.kernels import Finished, lengths
from netlib.nn.layers.padding import surrounded
from netlib.spec.layers import depthwise_convolution as spec
from netlib.spec.layers.kernels import Dilated
from netlib.spec.layers.windows import reach

DepthwiseSpec = TypeVar("DepthwiseSpec", bound=spec.DepthwiseConvolution[Any, Any])


class DepthwiseConvolution(Finished[DepthwiseSpec]):
    """Cross-correlation of each channel with kernels of its own, over one axis or two."""

    kernel: tf.Variable

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(batch, *places, channels) to (batch, *places, channels * depth_multiplier)."""
        return self.finished(depthwise(self.spec, inputs, self.cast(self.kernel)))


class DepthwiseConv1D(DepthwiseConvolution[spec.DepthwiseConv1D]):
    """Cross-correlation of each channel of a sequence with kernels of its own.

    Weights: `kernel` (kernel_size, features, depth_multiplier), `bias` (features * depth_multiplier).
    """


class DepthwiseConv2D(DepthwiseConvolution[spec.DepthwiseConv2D]):
    """Cross-correlation of each channel of an image with kernels of its own.

    Weights: `kernel` (height, width, channels, depth_multiplier), `bias` (channels * depth_multiplier).
    """


def depthwise(spec: Dilated[Any, Any], inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Each channel of (batch, *places, channels) with kernels (*size, channels, multiplier) of its own, as the spec says."""
    strides, dilation = spec.strides, spec.dilation_rate
    inputs, padding = surrounded(inputs, spec.around, spec.spans, strides)
    if len(strides) == 2:
        return _over_images(inputs, kernel, strides, dilation, padding)
    images = _over_images(inputs[:, tf.newaxis], kernel[tf.newaxis], strides * 2, (1, *dilation), padding)
    return tf.squeeze(images, 1)


def _over_images(
    images: tf.Tensor, kernel: tf.Tensor, strides: tuple[int, int], dilation: tuple[int, int], padding: str
) -> tf.Tensor:
    """TensorFlow's kernels take equal strides alone, and none beside a dilation: else every place is computed, some are taken."""
    if strides[0] == strides[1] and 1 in (strides[0], max(dilation)):
        return tf.nn.depthwise_conv2d(images, kernel, [1, *strides, 1], padding, dilations=dilation)
    every = tf.nn.depthwise_conv2d(images, kernel, [1, 1, 1, 1], padding, dilations=dilation)
    first = [0, 0]
    if padding == "SAME":
        spans = reach(tuple(kernel.shape[:2]), dilation)
        first = [_first(*each) for each in zip(lengths(images), spans, strides, strict=True)]
    return every[:, first[0] :: strides[0], first[1] :: strides[1]]


def _first(length: Any, span: int, stride: int) -> Any:
    """Where the first window of `same` with this stride stands among those with stride 1: in the middle are others."""
    beyond = (-(-length // stride) - 1) * stride + span - length
    return (span - 1) // 2 - (max(beyond, 0) if isinstance(beyond, int) else tf.maximum(beyond, 0)) // 2
