"""Layers that go through a sequence with a state: SimpleRNN, LSTM, GRU."""

from __future__ import annotations

from typing import Any, TypeVar

import tensorflow as tf

from netlib.nn.layers.lstm_cells import lstm_cell
from netlib.nn.layers.recurrent_base import Stepwise
from netlib.nn.layers.recurrent_cells import Cell, EarlyResetCell, Gate, GRUCell, SimpleCell, Weights
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

    @property
    def cell(self) -> Cell:
        """The step."""
        return SimpleCell(Gate(self.spec.activation))


class LSTM(Recurrent[spec.LSTM]):
    """Long short-term memory."""

    @property
    def cell(self) -> Cell:
        """The step."""
        return lstm_cell(Gate(self.spec.activation), Gate(self.spec.recurrent_activation))


class GRU(Recurrent[spec.GRU]):
    """Gated recurrent unit."""

    def sequence_bias(self) -> Any:
        """With `reset_after` the first of the two."""
        return self.bias[0] if self.spec.reset_after else self.bias

    @property
    def cell(self) -> Cell:
        """The step; where the gate is applied before the product, there is one more product in it."""
        kind = GRUCell if self.spec.reset_after else EarlyResetCell
        return kind(Gate(self.spec.activation), Gate(self.spec.recurrent_activation))

    def read_by_steps(self) -> Weights:
        """The recurrent kernel and the second bias; without `reset_after` the kernel in two parts: gates, new."""
        kernel = self.cast(self.recurrent_kernel)
        if not self.spec.reset_after:
            return tuple(tf.split(kernel, [2 * self.spec.units, self.spec.units], -1))
        return (kernel, self.cast(self.bias[1])) if self.spec.use_bias else (kernel,)
