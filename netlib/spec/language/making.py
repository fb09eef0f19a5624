"""A layer's node, made of its parameters and what it reads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from netlib.spec.computing import ExpressionSpec
from netlib.spec.errors import Problem, SpecError
from netlib.spec.graph import Node
from netlib.spec.language.edges import (
    Reader,
    References,
    Signature,
    Source,
    X,
    bind,
    expression_reads,
    follow,
    sources,
)
from netlib.spec.language.nodes import NodeSyntax
from netlib.spec.language.scope import UNKNOWN_PORT
from netlib.spec.language.state import State, as_written
from netlib.spec.language.surroundings import Surroundings
from netlib.spec.language.wiring import Wiring
from netlib.spec.layer import MASK, LayerSpec, ShapeLayerSpec
from netlib.spec.precision import POLICIES
from netlib.spec.tensors import UNKNOWN_TENSOR, Shape, TensorSpec, greatest, known_product, show

if TYPE_CHECKING:
    from netlib.spec.keras_layers import KerasLayer


def layer_node(
    syntax: NodeSyntax, frame: Node, around: Surroundings, wiring: Wiring, reader: Reader, state: State
) -> Node | None:
    """The node of a layer; None if that failed."""
    spec = spec_at(syntax, around, state)
    if spec is None:
        _mark_read(syntax, around, reader, state)
        return None
    read = reads(spec, syntax, reader, around, state)
    if read is None:
        return unknown_node(frame, reader, around, spec)
    if isinstance(spec, ExpressionSpec):
        spec = state.reading(spec, tuple(read))
    if _refused_here(spec, syntax, around, state) or (syntax.implied and _unequal(read, syntax, around, state)):
        return None
    try:
        node = measured(frame, spec, read, around, state, wiring.shape)
    except SpecError as error:
        if spec.of_keras:
            state.problems += (
                as_written(each, syntax.parameters).under(syntax.parameters_loc) for each in error.problems
            )
        else:
            state.report_at(error, syntax.parameters_loc, at="key")
        return None
    _warn_of_coupling(node, syntax, state)
    if wiring.ties and spec.of_keras:
        state.problems.append(Problem((*syntax.loc, "tie"), _KERAS_TIE.format(syntax.type), at="key"))
    elif wiring.ties:
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


_KERAS_TIE = "{} makes its weights itself, so none of them can be another layer's; tie the other's to it"


def unknown_node(frame: Node, reader: Reader, around: Surroundings, spec: LayerSpec | None = None) -> Node:
    """The node of what reads something that is not known, or of what failed: of a network without mistakes, the former."""
    found: References = {}
    texts: dict[str, Any] = {entry.key: entry.text for entry in sources(reader)}
    if isinstance(spec, ExpressionSpec) and reader.source is None:
        texts = {".".join(map(str, chain)): ".".join(map(str, chain)) for chain in spec.parsed.chains}
        texts = {key: reader.before if text == X else text for key, text in texts.items()}
    for key, text in texts.items():
        for index, each in enumerate(text if isinstance(text, list) else [text]):
            name = f"{key}.{index}" if isinstance(text, list) else key
            if ref := around.scope.unknown(each):
                found[name] = ref
            elif known := next(iter(follow([Source(key, each, reader.loc)], around.scope, []).values())):
                found.update({f"{name}.{suffix}" if known.several else name: ref for suffix, ref in known.refs.items()})
    return replace(frame, spec=spec, reads=found, outputs={UNKNOWN_PORT: UNKNOWN_TENSOR}, macs=None, known=False)


def measured(
    frame: Node,
    spec: LayerSpec,
    read: References,
    around: Surroundings,
    state: State,
    declared: Shape | None = None,
) -> Node:
    """A layer's node with what follows from the shapes of what it reads; `declared` is what stands beside a layer of Keras's.

    Raises:
        SpecError: it cannot take them.
    """
    given = {name: around.scope.tensor(ref) for name, ref in read.items()}
    mask = given.pop(MASK, None) if spec.reads_mask_beside else None
    if mask is not None and (mask.dtype != "bool" or not mask.batched or len(mask.shape) not in (2, 3)):
        places = "(batch, time), or (batch, query, value) for attention"
        raise SpecError(f"{frame.type}'s mask is true or false for each place, {places}, got {mask}")
    if mask is not None:
        spec.check_mask(mask.shape, *(tensor.shape for tensor in given.values()))
    alone = [name for name, tensor in given.items() if not tensor.batched]
    if alone and not isinstance(spec, ExpressionSpec):
        raise SpecError(
            f"{frame.type} reads one tensor for each sample, but '{alone[0]}' has no batch axis, {given[alone[0]]}:"
            " compute with it in Compute, or repeat it over the batch there: like(v, x)"
        )
    compute = POLICIES[frame.dtype].compute if frame.dtype else around.compute
    if spec.of_keras:
        answered = state.answered(cast("KerasLayer", spec), tuple(given.values()), compute)
        if answered is None:
            outputs = {UNKNOWN_PORT: UNKNOWN_TENSOR if declared is None else TensorSpec(declared, compute)}
            return replace(frame, spec=spec, reads=read, outputs=outputs, macs=None, known=False)
        spec = answered
    spec = state.settled(spec, tuple(given.values()))
    facts = state.facts_of(spec, tuple(given.values()), compute)
    state.grow(len(read) + len(facts.outputs), frame.loc)
    outputs = facts.outputs
    if isinstance(spec, ShapeLayerSpec) and (most := greatest(given.values())) is not None:
        outputs = {port: replace(tensor, maximum=most) for port, tensor in outputs.items()}
    return replace(
        frame,
        spec=spec,
        reads=read,
        outputs=outputs,
        weights=facts.weights,
        macs=known_product((facts.macs, frame.times)),
        couples_rows=facts.couples_rows or (spec.couples_rows_in_training and _in_training(frame, around)),
    )


def _in_training(frame: Node, around: Surroundings) -> bool:
    """Whether the flag says so at any time, also when the network predicts."""
    return bool(around.training if frame.training is None else frame.training)


def spec_at(syntax: NodeSyntax, around: Surroundings, state: State) -> LayerSpec | None:
    """The spec of a node's layer; None if that failed."""
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
        state.add(syntax.loc, f"{syntax.type} cannot stand in a While or an RNN: what it adds cannot leave the loop")
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
    if wiring.shape is None or not node.outputs or node.gives_unknown:
        return
    if not TensorSpec(wiring.shape).fits(TensorSpec(node.output.shape)):
        state.add(
            (*syntax.loc, "shape"), f"declared as {show(wiring.shape)}, but {node.type} gives {show(node.output.shape)}"
        )
