"""Layers that spread a kernel over their output: Conv1DTranspose, Conv2DTranspose, Conv3DTranspose."""

from __future__ import annotations

from typing import Any, TypeVar

import tensorflow as tf

from netlib.nn.layers.kernels import Finished, lengths
from netlib.spec.layers import transposed_convolution as spec
from netlib.spec.layers.windows import Sizes

TransposedSpec = TypeVar("TransposedSpec", bound=spec.TransposedConvolution[Any, Any])


class TransposedConvolution(Finished[TransposedSpec]):
    """Spreads `filters` kernels over the output, from each place of the input, along one, two or three axes."""

    kernel: tf.Variable

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(batch, *places, channels) to (batch, *places, filters), with the axes of places grown."""
        shape = [tf.shape(inputs)[0], *self.spec.lengths(lengths(inputs)), self.spec.filters]
        kernel = _dilated(self.cast(self.kernel), self.spec.dilation_rate)
        outputs = tf.nn.conv_transpose(inputs, kernel, shape, self.spec.strides, self.spec.padding.upper())
        return self.finished(tf.ensure_shape(outputs, self.spec.output_shape(tuple(inputs.shape))))


class Conv1DTranspose(TransposedConvolution[spec.Conv1DTranspose]):
    """Spreads `filters` kernels from each place of a sequence.

    Weights: `kernel` (kernel_size, filters, features), `bias` (filters).
    """


class Conv2DTranspose(TransposedConvolution[spec.Conv2DTranspose]):
    """Spreads `filters` kernels from each place of an image.

    Weights: `kernel` (height, width, filters, channels), `bias` (filters).
    """


class Conv3DTranspose(TransposedConvolution[spec.Conv3DTranspose]):
    """Spreads `filters` kernels from each place of a volume.

    Weights: `kernel` (depth, height, width, filters, channels), `bias` (filters).
    """


def _dilated(kernel: tf.Tensor, rate: Sizes) -> tf.Tensor:
    """With zeros between its entries. Not every device's kernels can do without them."""
    for axis, step in enumerate(rate):
        if step > 1:
            spread = tf.stack([kernel, *[tf.zeros_like(kernel)] * (step - 1)], axis=axis + 1)
            shape = kernel.shape.as_list()
            shape[axis] *= step
            spread = tf.reshape(spread, shape)
            shape[axis] -= step - 1
            kernel = tf.slice(spread, [0] * len(shape), shape)
    return kernel
