"""What holds at the borders of a wrapper's nodes: what they read, what becomes of what they give, and a loop's condition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from netlib.spec.errors import Loc, SpecError
from netlib.spec.graph import Graph, Ref
from netlib.spec.language.edges import Reader, X, expression_reads
from netlib.spec.language.state import State
from netlib.spec.language.surroundings import Surroundings
from netlib.spec.layer import Weight
from netlib.spec.rnn import RNN
from netlib.spec.tensors import TensorSpec, show
from netlib.spec.wrappers import TimeDistributed, While, WrapperSpec


def inputs_inside(
    wrapper: WrapperSpec, given: Mapping[str, TensorSpec], compute: str
) -> tuple[dict[str, TensorSpec], int | None]:
    """The inputs of a wrapper's nodes, and how often they run for one sample.

    Raises:
        SpecError: it cannot read what it is given.
    """
    return wrapper.read_inside(given, compute), wrapper.times(next(iter(given.values())))


def handing_on(wrapper: RNN, graph: Graph, loc: Loc, state: State) -> Graph:
    """The nodes of an RNN with its states among their outputs."""
    if len(graph.nodes) != 1 or graph.nodes[0].gives_unknown or not graph.nodes[0].outputs:
        return graph
    (cell,) = graph.nodes
    for name in wrapper.state:
        if Ref(None, name) not in cell.reads.values():
            state.add(loc, f"nothing in {cell.type} reads the state '{name}'")
    try:
        sources = wrapper.sources(cell.type, tuple(cell.outputs))
    except SpecError as error:
        state.add(loc, str(error))
        return graph
    return replace(graph, outputs={name: Ref(cell.name, port) for name, port in sources.items()})


def outputs_outside(
    wrapper: WrapperSpec,
    given: Mapping[str, TensorSpec],
    inner: Surroundings,
    made: Mapping[str, TensorSpec],
    loc: Loc,
    state: State,
) -> dict[str, TensorSpec]:
    """What a wrapper gives, which reads `given`, where its nodes, in `inner`, give what they `made`."""
    if isinstance(wrapper, TimeDistributed):
        for name in inner.scope.captured:
            if inner.scope.inputs[name].batched:
                state.add(loc, f"TimeDistributed reads one place at a time, so its nodes cannot read '{name}'")
    try:
        return wrapper.given_outside(given, made, inner.compute)
    except SpecError as error:
        state.add(loc, str(error))
        return dict(made)


def own_weights(wrapper: WrapperSpec, body: Graph, loc: Loc, state: State) -> tuple[Weight, ...]:
    """The weights of a wrapper's own, around nodes that are without mistakes."""
    try:
        return tuple(wrapper.own_weights(body))
    except SpecError as error:
        state.report_at(error, loc, at="key")
        return ()


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
