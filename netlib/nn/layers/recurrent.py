"""Layers that go through a sequence with a state: SimpleRNN, LSTM, GRU."""

from __future__ import annotations

from typing import Any, TypeVar

import tensorflow as tf

from netlib.nn.keras_objects import activation
from netlib.nn.layers.recurrent_base import Stepwise
from netlib.nn.layers.recurrent_scan import Cell, States, Weights
from netlib.spec.layers import recurrent as spec

SpecType = TypeVar("SpecType", bound=spec.Recurrent)


class Recurrent(Stepwise[SpecType]):
    """A layer whose kernels are matrices."""

    kernel: tf.Variable
    bias: tf.Variable

    def projected(self, steps: tf.Tensor) -> tf.Tensor:
        """(time, batch, features) to (time, batch, gates * units)."""
        projected = tf.tensordot(steps, self.cast(self.kernel), 1)
        return projected + self.cast(self.sequence_bias()) if self.spec.use_bias else projected

    def sequence_bias(self) -> Any:
        """What is added to the part of the sequence."""
        return self.bias


class SimpleRNN(Recurrent[spec.SimpleRNN]):
    """`h = activation(x @ kernel + h @ recurrent_kernel + bias)`."""

    def cell(self, keep: tf.Tensor | None) -> Cell:
        """The step."""
        function = activation(self.spec.activation)
        return Cell(_product, lambda x, h, *_: (function(x + h),), (self.cast(self.recurrent_kernel),), keep=keep)


class LSTM(Recurrent[spec.LSTM]):
    """Long short-term memory."""

    def cell(self, keep: tf.Tensor | None) -> Cell:
        """The step."""
        return Cell(_product, lstm_step(self.spec), (self.cast(self.recurrent_kernel),), keep=keep)


class GRU(Recurrent[spec.GRU]):
    """Gated recurrent unit."""

    def sequence_bias(self) -> Any:
        """With `reset_after` the first of the two."""
        return self.bias[0] if self.spec.reset_after else self.bias

    def cell(self, keep: tf.Tensor | None) -> Cell:
        """The step; where the gate is applied before the product, there is one more product in it."""
        kernel = self.cast(self.recurrent_kernel)
        if not self.spec.reset_after:
            gates, last = tf.split(kernel, [2 * self.spec.units, self.spec.units], -1)
            return Cell(_product, self._reset_before(keep), (gates,), (last,), keep)
        bias = (self.cast(self.bias[1]),) if self.spec.use_bias else ()
        return Cell(_product, self._reset_after, (kernel, *bias), keep=keep)

    def _reset_after(self, x: tf.Tensor, h: tf.Tensor, states: States, inner: Weights) -> States:
        gate, function = activation(self.spec.recurrent_activation), activation(self.spec.activation)
        (x_z, x_r, x_h), (h_z, h_r, h_h) = tf.split(x, 3, -1), tf.split(h, 3, -1)
        stay = gate(x_z + h_z)
        return (stay * states[0] + (1 - stay) * function(x_h + gate(x_r + h_r) * h_h),)

    def _reset_before(self, keep: tf.Tensor | None) -> Any:
        gate, function = activation(self.spec.recurrent_activation), activation(self.spec.activation)

        def combine(x: tf.Tensor, h: tf.Tensor, states: States, inner: Weights) -> States:
            (x_z, x_r, x_h), (h_z, h_r) = tf.split(x, 3, -1), tf.split(h, 2, -1)
            stay = gate(x_z + h_z)
            read = states[0] if keep is None else states[0] * keep
            return (stay * states[0] + (1 - stay) * function(x_h + (gate(x_r + h_r) * read) @ inner[0]),)

        return combine


def lstm_step(layer: Any) -> Any:
    """What an LSTM does with the sums of its four gates, by the activations of its spec."""
    gate, function = activation(layer.recurrent_activation), activation(layer.activation)

    def combine(x: tf.Tensor, h: tf.Tensor, states: States, inner: Weights) -> States:
        enter, forget, new, show = tf.split(x + h, 4, -1)
        c = gate(forget) * states[1] + gate(enter) * function(new)
        return gate(show) * function(c), c

    return combine


def _product(h: tf.Tensor, weights: Weights) -> tf.Tensor:
    kernel, *bias = weights
    return tf.matmul(h, kernel) + bias[0] if bias else tf.matmul(h, kernel)
