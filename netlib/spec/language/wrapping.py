"""What holds at the borders of a wrapper's nodes: what they read, what becomes of what they give, and a loop's condition."""

from __future__ import annotations

from collections.abc import Mapping

from netlib.spec.errors import Loc, SpecError
from netlib.spec.language.edges import Reader, X, expression_reads
from netlib.spec.language.scope import Scope
from netlib.spec.language.state import State
from netlib.spec.language.surroundings import Surroundings
from netlib.spec.tensors import TensorSpec, show
from netlib.spec.wrappers import TimeDistributed, While, WrapperSpec


def inputs_inside(wrapper: WrapperSpec, given: Mapping[str, TensorSpec]) -> tuple[dict[str, TensorSpec], int | None]:
    """The input of a wrapper's nodes, and how often they run for one sample.

    Raises:
        SpecError: it cannot read what it is given.
    """
    (only,) = given.values()
    return {"input": wrapper.inside(only)}, wrapper.times(only)


def outputs_outside(
    wrapper: WrapperSpec,
    given: TensorSpec,
    scope: Scope,
    made: Mapping[str, TensorSpec],
    loc: Loc,
    state: State,
) -> dict[str, TensorSpec]:
    """What a wrapper gives, which reads `given`, where its nodes, in `scope`, give what they `made`."""
    if isinstance(wrapper, TimeDistributed):
        for name in scope.captured:
            if scope.inputs[name].batched:
                state.add(loc, f"TimeDistributed reads one place at a time, so its nodes cannot read '{name}'")
    try:
        return {port: wrapper.outside(given, tensor) for port, tensor in made.items()}
    except SpecError as error:
        state.add(loc, str(error))
        return dict(made)


def check_condition(wrapper: While, inner: Surroundings, loc: Loc, state: State) -> None:
    """Finds what the condition of a loop reads, which becomes inputs of its body at `loc`, and refuses what is no truth value."""
    if wrapper.condition is None:
        return
    expression, place = wrapper.parsed_condition, (*loc[:-1], "condition")
    if not any(chain[0] == X for chain in expression.chains):
        message = "the condition does not use 'x', what the last round gave: nothing in the loop could end it"
        state.add(place, message)
        return
    refs = expression_reads(expression, Reader("While", {X: "input"}, place), inner.scope, state.problems, place)
    if refs is None:
        return
    try:
        given = {name: inner.scope.tensor(ref) for name, ref in refs.items()}
        results = expression.infer(given, inner.compute).outputs
    except SpecError as error:
        state.add(place, str(error))
        return
    if results != (TensorSpec((), "bool"),):
        got = " and ".join(f"{show(each.shape)} {each.dtype}" for each in results)
        state.add(place, f"expected one truth value for the whole batch, such as 'sum(abs(x)) > 1', got {got}")
