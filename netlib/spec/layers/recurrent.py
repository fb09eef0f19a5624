"""Layers that go through a sequence with a state: SimpleRNN, LSTM, GRU."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from netlib.spec.layer import Weight, need_axis, need_rank
from netlib.spec.layers.recurrent_base import CUDNN, Activated, Beginnings, ForgetBias, Gated, Stepwise, Units
from netlib.spec.rnn import UNROLL
from netlib.spec.tensors import Shape, known_product


class Recurrent(Stepwise, Beginnings, Activated, Units):
    """A layer whose state is a vector for each sample, made of it and of a step's features by two matrix products."""

    def state_shape(self, sequence: Shape) -> Shape:
        """(batch, units)."""
        need_rank(self, sequence, 3, "(batch, time, features)")
        return (sequence[0], self.units)

    def weights(self, sequence: Shape, *initial: Shape) -> list[Weight]:
        """`kernel` (features, gates * units), `recurrent_kernel` (units, gates * units), `bias`, and the states kept."""
        columns = self.gates * self.units
        made = [
            self.weight("kernel", need_axis(self, sequence), columns),
            self.recurrent_weight(self.units, columns),
        ]
        return [*made, *self.biases(columns), *self.kept_states(self.state_shape(sequence))]

    def biases(self, columns: int) -> list[Weight]:
        """The bias, where there is one."""
        return [self.weight("bias", columns)] if self.use_bias else []

    def macs(self, sequence: Shape, *initial: Shape) -> int | None:
        """One for each element of the two kernels, at each step."""
        return known_product((sequence[1], need_axis(self, sequence) + self.units, self.gates * self.units))


class SimpleRNN(Recurrent):
    """`h = activation(x @ kernel + h @ recurrent_kernel + bias)` at each step `x` of a sequence (batch, time, features)."""

    shorthand = "units"
    refused: ClassVar[dict[str, str]] = {**Stepwise.refused, **UNROLL}


class LSTM(Recurrent, ForgetBias, Gated, Activated, Units):
    """Long short-term memory: gates decide what of the cell `c` is forgotten, what comes in, and what is shown as the state `h`.

    At each step of a sequence (batch, time, features), with `i, f, g, o` the four parts of `x @ kernel + h @ recurrent_kernel +
    bias`: `c = recurrent_activation(f) * c + recurrent_activation(i) * activation(g)`, then `h = recurrent_activation(o) *
    activation(c)`. Hochreiter and Schmidhuber, *Long short-term memory*, 1997; forget gate: Gers and others, 2000.
    """

    shorthand = "units"
    refused: ClassVar[dict[str, str]] = {**Stepwise.refused, **UNROLL, **CUDNN}
    optional_inputs = ("h", "c")
    ports = ("output", "h", "c")
    states = ("h", "c")
    gates = 4

    def biases(self, columns: int) -> list[Weight]:
        """The bias, where there is one; it may begin as 1 at the forget gate."""
        return [self.begun(bias, self.units) for bias in super().biases(columns)]


class GRU(Recurrent, Beginnings, Gated, Activated, Units):
    """Gated recurrent unit: `h = z * h + (1 - z) * activation(x_h + r * (h @ recurrent_kernel_h + bias_h))` at each step of a
    sequence (batch, time, features).

    The gates `z` and `r` are `recurrent_activation(x_z + h @ recurrent_kernel_z + bias_z)`, and so for `r`; `x_z`, `x_r`, `x_h`
    are the three parts of `x @ kernel + bias`. Cho and others, *Learning phrase representations using RNN encoder-decoder*, 2014.
    """

    shorthand = "units"
    refused: ClassVar[dict[str, str]] = {**Stepwise.refused, **UNROLL, **CUDNN}
    gates = 3
    reset_after: bool = Field(
        True,
        description="Whether the gate r is applied to `h @ recurrent_kernel`, which then has a bias of its own, or to `h`.",
    )

    def biases(self, columns: int) -> list[Weight]:
        """The bias, where there is one: with reset_after two rows, of the sequence and of the state."""
        if not self.use_bias:
            return []
        return [self.weight("bias", 2, columns) if self.reset_after else self.weight("bias", columns)]
