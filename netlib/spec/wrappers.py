"""Containers that run their nodes in a way of their own: TimeDistributed, once for each place; While, until a condition fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import Field

from netlib.spec.computing import Condition, expression_of
from netlib.spec.errors import SpecError
from netlib.spec.layer import LayerSpec, Weight
from netlib.spec.tensors import TensorSpec, show
from netlib.spec.types import PositiveInt

if TYPE_CHECKING:
    from netlib.spec.graph import Graph
    from netlib.spec.tensor_expressions import TensorExpression


class WrapperSpec(LayerSpec):
    """Base of the wrappers. The nodes that they hold are in the graph's node, not here."""

    takes = "any"

    @property
    def may_read(self) -> tuple[str, ...]:
        """Names of the inputs that it may be given besides its first."""
        return ()

    def read_inside(self, given: Mapping[str, TensorSpec], compute: str) -> dict[str, TensorSpec]:
        """What its nodes read, by name, of what it reads; `compute` is the dtype that it computes with.

        Raises:
            SpecError: it cannot read that.
        """
        return {name: self.inside(tensor) for name, tensor in given.items()}

    def given_outside(
        self, given: Mapping[str, TensorSpec], made: Mapping[str, TensorSpec], compute: str
    ) -> dict[str, TensorSpec]:
        """What it gives by port, of what it reads and what its nodes give.

        Raises:
            SpecError: it cannot be made of that.
        """
        first = next(iter(given.values()))
        return {port: self.outside(first, tensor) if tensor.known else tensor for port, tensor in made.items()}

    def inside(self, given: TensorSpec) -> TensorSpec:
        """The same where it reads one tensor.

        Raises:
            SpecError: it cannot read that.
        """
        raise NotImplementedError

    def outside(self, given: TensorSpec, made: TensorSpec) -> TensorSpec:
        """The same for one port, of its first input.

        Raises:
            SpecError: it cannot be made of that.
        """
        raise NotImplementedError

    def times(self, given: TensorSpec) -> int | None:
        """How often its nodes run for one sample; None if that is not known."""
        raise NotImplementedError

    def own_weights(self, body: Graph) -> list[Weight]:
        """Its weights besides those of its nodes.

        Raises:
            SpecError: it cannot hold these nodes.
        """
        return []


class TimeDistributed(WrapperSpec):
    """Runs what it holds for each place along the second axis, with the same weights: (batch, time, ...) to the same."""

    def inside(self, given: TensorSpec) -> TensorSpec:
        """One place: the shape without the second axis."""
        if len(given.shape) < 3 or not given.batched:
            raise SpecError(
                f"TimeDistributed needs an input of rank 3 or more, (batch, time, ...), got {show(given.shape)}"
            )
        return replace(given, shape=(None, *given.shape[2:]))

    def outside(self, given: TensorSpec, made: TensorSpec) -> TensorSpec:
        """All places."""
        if not made.batched:
            raise SpecError(f"TimeDistributed needs a result for each place, got {show(made.shape)}")
        return TensorSpec((None, given.shape[1], *made.shape[1:]), made.dtype)

    def times(self, given: TensorSpec) -> int | None:
        """The length of the second axis."""
        return given.shape[1]


class While(WrapperSpec):
    """Runs its body again and again on what the body gave, as long as a condition on that (`x`) holds, and at most
    `max_iterations` times; without a condition exactly that often. All rounds use the same weights."""

    condition: Condition | None = Field(
        None, description="A truth value for the whole batch that is asked before each round: `sum(abs(x)) > 1`."
    )
    max_iterations: PositiveInt = Field(100, description="The most rounds; exactly so many without a condition.")

    @property
    def parsed_condition(self) -> TensorExpression:
        """The condition; one that always holds where none is given."""
        return expression_of("true" if self.condition is None else self.condition)

    def inside(self, given: TensorSpec) -> TensorSpec:
        """What it reads."""
        return given

    def outside(self, given: TensorSpec, made: TensorSpec) -> TensorSpec:
        """What it reads: the body must give such a tensor again. Floating-point numbers are as wide as the body gives them."""
        if made.shape != given.shape or not made.fits(given):
            raise SpecError(f"the body of While must give what it reads, {given}, but gives {made}")
        return made

    def times(self, given: TensorSpec) -> int | None:
        """The most rounds."""
        return self.max_iterations
