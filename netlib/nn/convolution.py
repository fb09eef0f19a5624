"""Layers that slide a kernel over their input: Conv2D."""

from __future__ import annotations

from functools import cache

import tensorflow as tf

from netlib.nn.keras_objects import activation
from netlib.nn.layer import Layer
from netlib.spec import convolution as spec


class Conv2D(Layer[spec.Conv2D]):
    """Cross-correlation of an image with `filters` kernels."""

    kernel: tf.Variable
    bias: tf.Variable

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(batch, height, width, channels) to (batch, height, width, filters)."""
        outputs = self._convolved(inputs)
        if self.spec.use_bias:
            outputs = tf.nn.bias_add(outputs, self.cast(self.bias))
        return activation(self.spec.activation)(outputs)

    def _convolved(self, inputs: tf.Tensor) -> tf.Tensor:
        groups, dilation, padding = self.spec.groups, self.spec.dilation_rate, self.spec.padding.upper()
        special = groups > 1 or max(dilation) > 1
        kernel = self.cast(self.kernel)
        if not special or _has_all_gradients():
            return tf.nn.conv2d(inputs, kernel, self.spec.strides, padding, dilations=dilation)
        parts = zip(tf.split(inputs, groups, axis=-1), tf.split(kernel, groups, axis=-1), strict=True)
        return tf.concat(
            [tf.nn.convolution(part, own, self.spec.strides, padding, dilations=dilation) for part, own in parts],
            axis=-1,
        )


@cache
def _has_all_gradients() -> bool:
    """Whether this device's kernels have the gradients of grouped and dilated convolutions.

    TensorFlow's own CPU kernels have not; oneDNN's and cuDNN's have, and nothing public says which are in use. Theirs are up to 4
    times as fast as convolving the groups one by one.
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
