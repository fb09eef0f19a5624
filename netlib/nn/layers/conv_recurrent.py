"""Layers that go through a sequence of images with a state: ConvLSTM2D."""

from __future__ import annotations

import tensorflow as tf

from netlib.nn.layers.lstm_cells import lstm_cell
from netlib.nn.layers.recurrent_base import Stepwise
from netlib.nn.layers.recurrent_cells import Cell, Gate, Product, folded
from netlib.nn.layers.recurrent_scan import unfolded
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

    @property
    def cell(self) -> Cell:
        """The step."""
        return lstm_cell(Gate(self.spec.activation), Gate(self.spec.recurrent_activation), _Convolution())


class _Convolution(Product):
    def __call__(self, state: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        return tf.nn.conv2d(state, kernel, 1, "SAME")

    def by_state(self, by_sums: tf.Tensor, kernel: tf.Tensor, state: tf.Tensor) -> tf.Tensor:
        return self._back(state, kernel, by_sums, of=0)

    def by_kernel(self, by_sums: tf.Tensor, kernel: tf.Tensor, states: tf.Tensor) -> tf.Tensor:
        return self._back(folded(states), kernel, folded(by_sums), of=1)

    def _back(self, state: tf.Tensor, kernel: tf.Tensor, by_sums: tf.Tensor, of: int) -> tf.Tensor:
        read = (state, kernel)
        with tf.GradientTape() as tape:
            tape.watch(read)
            sums = self(*read)
        return tape.gradient(sums, read[of], by_sums)
