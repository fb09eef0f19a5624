"""Layers that go through a sequence of images with a state: ConvLSTM2D."""

from __future__ import annotations

import tensorflow as tf

from netlib.nn.layers.recurrent import lstm_step
from netlib.nn.layers.recurrent_base import Stepwise
from netlib.nn.layers.recurrent_scan import Cell, Weights, folded, unfolded
from netlib.spec.layers import conv_recurrent as spec


class ConvLSTM2D(Stepwise[spec.ConvLSTM2D]):
    """An LSTM whose products are convolutions."""

    kernel: tf.Variable
    bias: tf.Variable

    def projected(self, steps: tf.Tensor) -> tf.Tensor:
        """(time, batch, height, width, channels) to (time, batch, height, width, 4 * filters), all images in one convolution."""
        options = {"strides": self.spec.strides, "dilations": self.spec.dilation_rate}
        kernel = self.cast(self.kernel)
        images = tf.nn.convolution(folded(steps), kernel, padding=self.spec.padding.upper(), **options)
        if self.spec.use_bias:
            images = tf.nn.bias_add(images, self.cast(self.bias))
        return unfolded(images, like=steps)

    def cell(self, keep: tf.Tensor | None) -> Cell:
        """The step."""
        return Cell(_convolved, lstm_step(self.spec), (self.cast(self.recurrent_kernel),), keep=keep)


def _convolved(h: tf.Tensor, weights: Weights) -> tf.Tensor:
    return tf.nn.conv2d(h, weights[0], 1, "SAME")
