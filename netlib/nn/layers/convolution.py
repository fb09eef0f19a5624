"""Layers that slide a kernel over their input: Conv2D, Conv2DTranspose."""

from __future__ import annotations

from functools import cache

import tensorflow as tf

from netlib.nn.keras_objects import activation
from netlib.nn.layer import Layer
from netlib.nn.layers.padding import surrounded
from netlib.spec.layers import convolution as spec
from netlib.spec.layers.windows import reach
from netlib.spec.types import Pair


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
        groups, dilation, strides = self.spec.groups, self.spec.dilation_rate, self.spec.strides
        inputs, padding = surrounded(inputs, self.spec.padding, reach(self.spec.kernel_size, dilation), strides)
        special = groups > 1 or max(dilation) > 1
        kernel = self.cast(self.kernel)
        if not special or _has_all_gradients():
            return tf.nn.conv2d(inputs, kernel, strides, padding, dilations=dilation)
        parts = zip(tf.split(inputs, groups, axis=-1), tf.split(kernel, groups, axis=-1), strict=True)
        return tf.concat(
            [tf.nn.convolution(part, own, strides, padding, dilations=dilation) for part, own in parts],
            axis=-1,
        )


class Conv2DTranspose(Layer[spec.Conv2DTranspose]):
    """Spreads `filters` kernels over an image, from each place of the input."""

    kernel: tf.Variable
    bias: tf.Variable

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(batch, height, width, channels) to (batch, height, width, filters), height and width grown."""
        batch, *axes, _ = tf.unstack(tf.shape(inputs))
        known = [axes[i] if axis is None else axis for i, axis in enumerate(inputs.shape[1:3])]
        shape = [batch, *self.spec.lengths(known), self.spec.filters]
        kernel = _dilated(self.cast(self.kernel), self.spec.dilation_rate)
        outputs = tf.nn.conv2d_transpose(inputs, kernel, shape, self.spec.strides, self.spec.padding.upper())
        outputs = tf.ensure_shape(outputs, self.spec.output_shape(tuple(inputs.shape)))
        if self.spec.use_bias:
            outputs = tf.nn.bias_add(outputs, self.cast(self.bias))
        return activation(self.spec.activation)(outputs)


def _dilated(kernel: tf.Tensor, rate: Pair) -> tf.Tensor:
    """With zeros between its entries. Not every device's kernels can do without them."""
    for axis, step in enumerate(rate):
        if step > 1:
            spread = tf.stack([kernel, *[tf.zeros_like(kernel)] * (step - 1)], axis=axis + 1)
            shape = kernel.shape.as_list()
            shape[axis] *= step
            spread = tf.reshape(spread, shape)
            shape[axis] -= step - 1
            kernel = tf.slice(spread, [0, 0, 0, 0], shape)
    return kernel


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
