"""A layer's node, made of its parameters and what it reads."""

from __future__ import annotations

from dataclasses import replace

from netlib.spec.computing import ExpressionSpec
from netlib.spec.errors import Problem, SpecError
from netlib.spec.graph import Node
from netlib.spec.language.edges import Reader, References, Signature, bind, expression_reads, follow, sources
from netlib.spec.language.nodes import NodeSyntax
from netlib.spec.language.state import State
from netlib.spec.language.surroundings import Surroundings
from netlib.spec.language.wiring import Wiring
from netlib.spec.layer import MASK, LayerSpec
from netlib.spec.precision import POLICIES
from netlib.spec.tensors import TensorSpec, known_product, show


def layer_node(
    syntax: NodeSyntax, frame: Node, around: Surroundings, wiring: Wiring, reader: Reader, state: State
) -> Node | None:
    """The node of a layer; None if that failed."""
    spec = _spec(syntax, around, state)
    if spec is None:
        _mark_read(syntax, around, reader, state)
        return None
    read = reads(spec, syntax, reader, around, state)
    if read is None:
        return None
    if isinstance(spec, ExpressionSpec):
        spec = state.reading(spec, tuple(read))
    if _refused_here(spec, syntax, around, state) or (syntax.implied and _unequal(read, syntax, around, state)):
        return None
    try:
        node = measured(frame, spec, read, around, state)
    except SpecError as error:
        state.report_at(error, syntax.parameters_loc, at="key")
        return None
    _warn_of_coupling(node, syntax, state)
    if wiring.ties:
        node = replace(node, ties=state.ties.resolved(node, wiring.ties, around.block_path, state.problems))
    if node.weights:
        state.ties.register(node)
    return node


def reads(spec: LayerSpec, syntax: NodeSyntax, reader: Reader, around: Surroundings, state: State) -> References | None:
    """What a layer reads, by input name; None if something of it failed."""
    if isinstance(spec, ExpressionSpec):
        return expression_reads(spec.parsed, reader, around.scope, state.problems, syntax.parameters_loc)
    if spec.source:
        if reader.source is not None:
            state.add(reader.loc, f"{syntax.type} reads nothing; leave out `from`")
        return {}
    return bound(reader, around, Signature.of(spec), state)


def bound(reader: Reader, around: Surroundings, signature: Signature | None, state: State) -> References | None:
    """What a node reads, by input name; None if something that it reads failed, or its signature is not known."""
    found = follow(sources(reader), around.scope, state.problems, reader.first)
    known = {name: each for name, each in found.items() if each is not None}
    if signature is None or len(known) < len(found):
        return None
    try:
        return bind(reader, known, signature)
    except SpecError as error:
        state.report(error)
        return None


def measured(frame: Node, spec: LayerSpec, read: References, around: Surroundings, state: State) -> Node:
    """A layer's node with what follows from the shapes of what it reads.

    Raises:
        SpecError: it cannot take them.
    """
    given = {name: around.scope.tensor(ref) for name, ref in read.items()}
    mask = given.pop(MASK, None) if spec.reads_mask_beside else None
    if mask is not None and (mask.dtype != "bool" or not mask.batched or len(mask.shape) not in (2, 3)):
        places = "(batch, time), or (batch, query, value) for attention"
        raise SpecError(f"{frame.type}'s mask is true or false for each place, {places}, got {mask}")
    alone = [name for name, tensor in given.items() if not tensor.batched]
    if alone and not isinstance(spec, ExpressionSpec):
        raise SpecError(
            f"{frame.type} reads one tensor for each sample, but '{alone[0]}' has no batch axis, {given[alone[0]]}:"
            " compute with it in Compute, or repeat it over the batch there: like(v, x)"
        )
    compute = POLICIES[frame.dtype].compute if frame.dtype else around.compute
    facts = state.facts_of(spec, tuple(given.values()), compute)
    state.grow(len(read) + len(facts.outputs), frame.loc)
    return replace(
        frame,
        spec=spec,
        reads=read,
        outputs=facts.outputs,
        weights=facts.weights,
        macs=known_product((facts.macs, frame.times)),
        couples_rows=facts.couples_rows or (spec.couples_rows_in_training and _in_training(frame, around)),
    )


def _in_training(frame: Node, around: Surroundings) -> bool:
    """Whether the flag says so at any time, also when the network predicts."""
    return bool(around.training if frame.training is None else frame.training)


def _spec(syntax: NodeSyntax, around: Surroundings, state: State) -> LayerSpec | None:
    try:
        return state.spec(syntax.type, syntax.parameters, around, syntax.loc)
    except SpecError as error:
        state.problems += (problem.under(syntax.parameters_loc) for problem in error.problems)
        return None


def _mark_read(syntax: NodeSyntax, around: Surroundings, reader: Reader, state: State) -> None:
    """Of a node without a spec: notes what it reads, as far as that can be told."""
    follow(sources(reader), around.scope, [] if reader.source is None else state.problems, reader.first)
    around.scope.lose_edges()


def _refused_here(spec: LayerSpec, syntax: NodeSyntax, around: Surroundings, state: State) -> bool:
    if around.looped and isinstance(spec, ExpressionSpec) and not spec.ports:
        state.add(syntax.loc, f"{syntax.type} cannot stand in a While: what it adds cannot leave the loop")
        return True
    return False


def _unequal(read: References, syntax: NodeSyntax, around: Surroundings, state: State) -> bool:
    """Whether the sum that a Residual makes is one of different shapes."""
    if syntax.type != "Add":
        return False
    body, other = (around.scope.tensor(ref).shape for ref in read.values())
    if body == other:
        return False
    message = f"Residual adds equal shapes, but its body gives {show(body)}, and what that is added to is {show(other)}"
    state.add(syntax.loc, f"{message}; bring both to one shape with Residual: {{body: [...], shortcut: [...]}}")
    return True


def _warn_of_coupling(node: Node, syntax: NodeSyntax, state: State) -> None:
    if node.couples_rows and node.spec is not None and node.spec.ports:
        message = "this reduces over the batch, so that what the network gives for a sample depends on the others"
        state.problems.append(Problem(syntax.parameters_loc, message, severity="warning"))


def check_shape(node: Node, syntax: NodeSyntax, wiring: Wiring, state: State) -> None:
    """Refuses a `shape` that is not that of the node's output."""
    if wiring.shape is None or not node.outputs:
        return
    if not TensorSpec(wiring.shape).fits(TensorSpec(node.output.shape)):
        state.add(
            (*syntax.loc, "shape"), f"declared as {show(wiring.shape)}, but {node.type} gives {show(node.output.shape)}"
        )
