"""What the layers that go through a sequence step by step share: fields, checks, shapes of states and outputs.

A layer joins the bases that it needs. Its fields stand in the order of the bases from the last to the first, which is Keras's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Self

from pydantic import Field, model_validator

from netlib.spec.choice import Activation, Constraint, Initializer, Regularizer, parse_choice
from netlib.spec.errors import SpecError
from netlib.spec.fields import biased, limited, penalised, starts_as
from netlib.spec.initializers import Zeros
from netlib.spec.layer import LayerSpec, Weight, need_activation_axis
from netlib.spec.rnn import RETURN_STATE
from netlib.spec.tensors import Shape, known_product, show
from netlib.spec.types import Fraction, PositiveInt

MAX_UNITS = 1_000_000
"""Of a layer whose bias begins as numbers, not by an initializer."""
CUDNN = {"use_cudnn": "the steps are computed alike on every device"}
"""What Keras has in some of the layers, and is refused here."""


class Units(LayerSpec):
    """A layer whose state is one vector for each sample."""

    units: PositiveInt = Field(description="Length of the state and of the output's last axis.")


class Activated(LayerSpec):
    """A layer whose new state is what a function gives."""

    activation: Activation = Field(
        "tanh", validate_default=True, description="Function that gives the new state; none if null."
    )


class Gated(LayerSpec):
    """A layer whose gates decide how much of the state is replaced."""

    recurrent_activation: Activation = Field(
        "sigmoid", validate_default=True, description="Function that gives the gates; none if null."
    )


class Beginnings(LayerSpec):
    """How the weights begin."""

    use_bias: bool = biased()
    kernel_initializer: Initializer = starts_as("glorot_uniform", "kernel")
    recurrent_initializer: Initializer = starts_as("orthogonal", "recurrent kernel")
    bias_initializer: Initializer = starts_as("zeros", "bias")


class ForgetBias(Beginnings):
    """A layer with a forget gate."""

    unit_forget_bias: bool = Field(
        True,
        description="Whether the forget gate's bias begins as 1 (and the others as 0), so that states last at first.",
    )

    @model_validator(mode="after")
    def _one_beginning_of_the_bias(self) -> Self:
        if self.use_bias and self.unit_forget_bias and not isinstance(self.bias_initializer, Zeros):
            raise ValueError(
                "the bias begins as unit_forget_bias (= true) says, so bias_initializer"
                f" (= {self.bias_initializer.type_name()}) has no effect: set unit_forget_bias: false"
            )
        return self

    def begun(self, bias: Weight, units: int) -> Weight:
        """The bias of the four gates as it begins: the second of them is the forget gate's."""
        if not self.unit_forget_bias:
            return bias
        if units > MAX_UNITS:
            raise SpecError(f"{self.type_name()} has at most {MAX_UNITS:,} units or filters, got {units:,}")
        value = [0.0] * units + [1.0] * units + [0.0] * (2 * units)
        return replace(bias, initializer=None, value=value)


class Stepwise(LayerSpec):
    """A layer that goes through a sequence with a state, which it replaces at each step."""

    inputs = ("sequence",)
    optional_inputs: ClassVar[tuple[str, ...]] = ("h",)
    ports: ClassVar[tuple[str, ...]] = ("output", "h")
    random = True
    supports_masking = True
    uses_mask = True
    refused: ClassVar[dict[str, str]] = {
        **LayerSpec.refused,
        **RETURN_STATE,
    }
    states: ClassVar[tuple[str, ...]] = ("h",)
    """The parts of the state, the first of which is the output of a step."""
    gates: ClassVar[int] = 1
    """How many numbers each one of the state needs at a step: the kernels have so many columns for it."""

    kernel_regularizer: Regularizer = penalised("kernel")
    recurrent_regularizer: Regularizer = penalised("recurrent kernel")
    bias_regularizer: Regularizer = penalised("bias")
    kernel_constraint: Constraint = limited("kernel")
    recurrent_constraint: Constraint = limited("recurrent kernel")
    bias_constraint: Constraint = limited("bias")
    dropout: Fraction = Field(
        0.0, description="Probability that a feature is made zero in training, at all steps of a sequence."
    )
    recurrent_dropout: Fraction = Field(
        0.0, description="The same for a number of the state, where the recurrent kernel reads it."
    )
    return_sequences: bool = Field(
        False, description="Whether to give the outputs of all steps, not the last one alone."
    )
    go_backwards: bool = Field(
        False,
        description="Whether to begin at the end of the sequence; the outputs of all steps then stand in that order.",
    )
    stateful: bool = Field(
        False,
        description="Whether row i of a batch begins with the state in which row i of the batch before ended.",
    )
    batch_size: PositiveInt | None = Field(
        None, description="Rows of every batch; needed for stateful, which keeps a state for each."
    )

    @model_validator(mode="after")
    def _rows_where_states_stay(self) -> Self:
        if self.stateful and self.batch_size is None:
            raise ValueError("stateful (= true) keeps a state for each row of a batch, so it needs batch_size")
        if self.batch_size is not None and not self.stateful:
            raise ValueError(f"batch_size (= {self.batch_size}) has an effect only together with stateful: true")
        return self

    def state_shape(self, sequence: Shape) -> Shape:
        """Of each part of the state, batch first.

        Raises:
            SpecError: it cannot go through such a sequence.
        """
        raise NotImplementedError

    def output_shape(self, sequence: Shape, *initial: Shape) -> dict[str, Shape]:
        """`output` (batch, *state), with return_sequences (batch, time, *state); and each part of the last state."""
        state = self.state_shape(sequence)
        for name in ("activation", "recurrent_activation"):
            need_activation_axis(self, getattr(self, name, None), state)
        self._check_initial(state, initial)
        output = (state[0], sequence[1], *state[1:]) if self.return_sequences else state
        return {"output": output, **dict.fromkeys(self.states, state)}

    def recurrent_weight(self, *shape: int) -> Weight:
        """The weight `recurrent_kernel`, by the parameters that begin with `recurrent`."""
        return replace(self.weight("recurrent", *shape), name="recurrent_kernel")

    def _check_initial(self, state: Shape, initial: tuple[Shape, ...]) -> None:
        names = " and ".join(self.states)
        if initial and self.stateful:
            raise SpecError(f"a stateful {self.type_name()} begins with the state that it kept, so it reads no {names}")
        if initial and len(initial) < len(self.states):
            raise SpecError(f"{self.type_name()} reads {names} together or none of them, got one alone")
        for name, given in zip(self.states, initial, strict=False):
            fits = len(given) == len(state) and all(
                None in axes or axes[0] == axes[1] for axes in zip(given, state, strict=True)
            )
            if not fits:
                raise SpecError(f"{self.type_name()} needs an initial {name} of {show(state)}, got {show(given)}")

    def kept_states(self, state: Shape) -> list[Weight]:
        """The weights that hold the state from batch to batch, `state_h` and so on: (batch_size, *state)."""
        if self.batch_size is None:
            return []
        if None in state[1:]:
            raise SpecError(
                f"a stateful {self.type_name()} needs to know the shape of its state, got {show(state)}: declare the input's axes"
            )
        shape = (self.batch_size, *(axis for axis in state[1:] if axis is not None))
        zeros = parse_choice("initializer", "zeros")
        return [Weight(f"state_{name}", shape, zeros, trainable=False) for name in self.states]

    def kept(self, sequence: Shape, *initial: Shape) -> int | None:
        """At every step what is computed of the sequence and of the state for each gate, and the state."""
        state = self.state_shape(sequence)
        return known_product((sequence[1], *state[1:], 2 * self.gates + len(self.states)))
