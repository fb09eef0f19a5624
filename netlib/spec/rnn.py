"""RNN: a cell of any nodes that goes through a sequence step by step, and hands states on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, field_validator

from netlib.spec.base import shown
from netlib.spec.errors import SpecError, one_of
from netlib.spec.names import check_name
from netlib.spec.tensors import Shape, TensorSpec, show
from netlib.spec.types import Lengths, PositiveInt
from netlib.spec.wrappers import WrapperSpec

SEQUENCE, OUTPUT = "sequence", "output"
"""What an RNN's first input and port are called, also inside of it, where they are those of a step."""


def _listed(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return (value,)
    raise ValueError(f"expected the length of the state's axis, or a list of lengths, got {shown(value)}")


UNROLL = {"unroll": "the steps run in a loop; unrolled, they would take many times as long to compile"}
RETURN_STATE = {"return_state": "the last state is there without being asked for: read the layer's port, as NAME.h"}
"""Parameters of Keras's that what goes through a sequence has not here, with what to do instead."""

StateShape = Annotated[Lengths, BeforeValidator(_listed, json_schema_input_type=PositiveInt | list[PositiveInt])]
"""Lengths of the axes behind the batch; an integer stands for the only one."""


class RNN(WrapperSpec):
    """Runs its cell for each step of a sequence (batch, time, ...), with the same weights, and hands the cell's states on."""

    inputs = (SEQUENCE,)
    refused: ClassVar[dict[str, str]] = {
        **WrapperSpec.refused,
        **UNROLL,
        **RETURN_STATE,
        "stateful": "every batch begins anew; give it the states to begin with: from: {sequence: x, h: NODE}",
        "zero_output_for_mask": "at a place that the mask leaves out the output stays that of the step before",
    }

    state: dict[str, StateShape] = Field(
        description="Shape of each state by its name, the batch left out: `{h: 32}`. States begin as zeros, unless `from` gives"
        " them by these names.",
        examples=[{"h": 32}],
    )
    return_sequences: bool = Field(
        False, description="Whether to give the outputs of all steps, not the last one alone."
    )
    go_backwards: bool = Field(
        False,
        description="Whether to begin at the end of the sequence; the outputs of all steps then stand in that order.",
    )

    @field_validator("state")
    @classmethod
    def _named_states(cls, state: dict[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
        if not state:
            raise ValueError("an RNN hands on at least one state, such as {h: 32}; without one it is TimeDistributed")
        for name in state:
            for problem in check_name(name, ()):
                raise ValueError(problem.message)
            if name in (SEQUENCE, OUTPUT):
                raise ValueError(f"no state can be called '{name}': that is the RNN's {name} itself")
        return state

    @property
    def may_read(self) -> tuple[str, ...]:
        """The states to begin with."""
        return tuple(self.state)

    def read_inside(self, given: Mapping[str, TensorSpec], compute: str) -> dict[str, TensorSpec]:
        """One step of the sequence, and the states; floating-point numbers have the dtype that is computed with.

        Raises:
            SpecError: it is no sequence, or what the states are to begin as does not fit.
        """
        sequence, begins = given[SEQUENCE], [name for name in self.state if name in given]
        if len(sequence.shape) < 3 or not sequence.batched:
            raise SpecError(f"RNN needs an input of rank 3 or more, (batch, time, ...), got {show(sequence.shape)}")
        if begins and len(begins) < len(self.state):
            names = " and ".join(self.state)
            raise SpecError(f"RNN reads {names} together or none of them, got {' and '.join(begins)} alone")
        states = {name: TensorSpec(self._shape(name), compute) for name in self.state}
        for name in begins:
            if not given[name].fits(states[name]):
                raise SpecError(f"RNN needs an initial {name} of {states[name]}, got {given[name]}")
        dtype = compute if "float" in sequence.dtype else sequence.dtype
        return {SEQUENCE: replace(sequence, shape=(None, *sequence.shape[2:]), dtype=dtype), **states}

    def sources(self, cell: str, ports: Sequence[str]) -> dict[str, str]:
        """Which port of its cell gives the output, and each next state.

        Raises:
            SpecError: none gives one of the states.
        """
        first = ports[0]
        alone = len(self.state) == 1 and len(ports) == 1
        lost = [name for name in self.state if name not in ports and not alone]
        if lost:
            raise SpecError(
                f"no port of {cell} gives the next state '{lost[0]}': it gives {one_of(ports)}; the first is the output, the"
                " others are called as the states"
            )
        return {OUTPUT: first, **{name: name if name in ports else first for name in self.state}}

    def given_outside(
        self, given: Mapping[str, TensorSpec], made: Mapping[str, TensorSpec], compute: str
    ) -> dict[str, TensorSpec]:
        """The output (batch, ...), with return_sequences (batch, time, ...), and the last state by its parts' names; of a cell of
        which something is not known, what it gives.

        Raises:
            SpecError: the next states have other shapes than those before, or the output's shape is not known.
        """
        if len(made) <= len(self.state) or not all(tensor.known for tensor in made.values()):
            return dict(made)
        states = {name: TensorSpec(self._shape(name), compute) for name in self.state}
        for name, state in states.items():
            if made[name].shape != state.shape or not made[name].fits(state):
                raise SpecError(f"the state '{name}' is {state}, but for the next step the cell gives {made[name]}")
        output = made[OUTPUT]
        if not output.batched or None in output.shape[1:]:
            raise SpecError(
                f"RNN needs to know the shape of what its cell gives for each sample, got {show(output.shape)}"
            )
        time = (given[SEQUENCE].shape[1],) if self.return_sequences else ()
        return {OUTPUT: TensorSpec((None, *time, *output.shape[1:]), output.dtype), **states}

    def times(self, given: TensorSpec) -> int | None:
        """The length of the sequence."""
        return given.shape[1]

    def _shape(self, name: str) -> Shape:
        return (None, *self.state[name])
