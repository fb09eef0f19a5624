"""Layers that slide a kernel over their input: Conv1D, Conv2D, Conv3D."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar

import tensorflow as tf

from netlib.nn.layers.kernels import Finished
from netlib.nn.layers.padding import surrounded
from netlib.spec.layers import convolution as spec

ConvolutionSpec = TypeVar("ConvolutionSpec", bound=spec.Convolution[Any, Any])

_NATIVE = {1: tf.nn.conv1d, 2: tf.nn.conv2d, 3: tf.nn.conv3d}
_FORMAT = {1: "NWC", 2: "NHWC", 3: "NDHWC"}
"""What is the default, but for volumes in eager mode, where the gradient fails without it."""


class Convolution(Finished[ConvolutionSpec]):
    """Cross-correlation over one, two or three axes."""

    kernel: tf.Variable

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(batch, *places, channels) to (batch, *places, filters)."""
        return self.finished(self._convolved(inputs))

    def _convolved(self, inputs: tf.Tensor) -> tf.Tensor:
        strides, dilation, groups = self.spec.strides, self.spec.dilation_rate, self.spec.groups
        inputs, padding = surrounded(inputs, self.spec.around, self.spec.spans, strides)
        kernel = self.cast(self.kernel)
        if groups == max(dilation) == 1 or (len(strides) < 3 and _has_all_gradients()):
            native = _NATIVE[len(strides)]
            return native(inputs, kernel, [1, *strides, 1], padding, dilations=[1, *dilation, 1])
        parts = zip(tf.split(inputs, groups, axis=-1), tf.split(kernel, groups, axis=-1), strict=True)
        layout = _FORMAT[len(strides)]
        return tf.concat(
            [tf.nn.convolution(part, own, strides, padding, layout, dilation) for part, own in parts],
            axis=-1,
        )


class Conv1D(Convolution[spec.Conv1D]):
    """Cross-correlation of a sequence with `filters` kernels.

    Weights: `kernel` (kernel_size, features / groups, filters), `bias` (filters).
    """


class Conv2D(Convolution[spec.Conv2D]):
    """Cross-correlation of an image with `filters` kernels.

    Weights: `kernel` (height, width, channels / groups, filters), `bias` (filters).
    """


class Conv3D(Convolution[spec.Conv3D]):
    """Cross-correlation of a volume with `filters` kernels.

    Weights: `kernel` (depth, height, width, channels / groups, filters), `bias` (filters).
    """


@cache
def _has_all_gradients() -> bool:
    """Whether this device's kernels over one and two axes have the gradients of grouped and dilated convolutions.

    TensorFlow's own CPU kernels have not; oneDNN's and cuDNN's have, and nothing public says which are in use. Theirs are up to 4
    times as fast as convolving the groups one by one. Over three axes oneDNN has none for groups, and XLA a wrong shape for the
    gradient of a dilated one.
    """
    options = {"strides": [1, 1, 1, 1], "dilations": [1, 2, 2, 1], "padding": "SAME"}
    with tf.init_scope():
        image, kernel = tf.ones([1, 3, 3, 2]), tf.ones([2, 2, 1, 2])
        try:
            tf.raw_ops.Conv2DBackpropInput(input_sizes=image.shape, filter=kernel, out_backprop=image, **options)
            tf.raw_ops.Conv2DBackpropFilter(input=image, filter_sizes=kernel.shape, out_backprop=image, **options)
        except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError):
            return False
    return True
