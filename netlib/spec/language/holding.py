"""Nodes that hold other nodes: containers, wrappers and blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from netlib.spec.errors import Loc, SpecError
from netlib.spec.graph import Graph, Node
from netlib.spec.language import alone
from netlib.spec.language.blocks import Block
from netlib.spec.language.containers import UNKNOWN, Container, opened, parse_container
from netlib.spec.language.edges import Reader, References, Signature
from netlib.spec.language.making import bound, spec_at
from netlib.spec.language.nodes import CONTAINERS, NodeSyntax
from netlib.spec.language.scope import UNKNOWN_PORT, Scope
from netlib.spec.language.section import Section, declared_inputs, input_names
from netlib.spec.language.state import CONTAINER, State
from netlib.spec.language.surroundings import Surroundings
from netlib.spec.language.wiring import Wiring
from netlib.spec.language.wrapping import check_condition, handing_on, inputs_inside, outputs_outside, own_weights
from netlib.spec.layers.composed import ComposedSpec
from netlib.spec.names import check_name
from netlib.spec.registry import COMPOSED
from netlib.spec.rnn import RNN
from netlib.spec.tensors import UNKNOWN_TENSOR, known_product
from netlib.spec.wrappers import While

MAX_DEPTH = 100
Expand = Callable[[Section, Surroundings, bool], Graph]
"""Makes the graph of a list of nodes; the flag is whether nodes that nothing needs are left out."""


class Holding:
    """Makes such nodes; `expand` makes the graphs inside."""

    def __init__(self, state: State, expand: Expand) -> None:
        self.state = state
        self.expand = expand

    def maker(self, kind: str) -> Callable[[NodeSyntax, Node, Surroundings, Wiring, Reader], Node | None]:
        """What makes the nodes of that type."""
        if kind in COMPOSED:
            return self.composed
        return self.container if kind in CONTAINERS else self.block

    def container(
        self, syntax: NodeSyntax, frame: Node, around: Surroundings, wiring: Wiring, reader: Reader
    ) -> Node | None:
        """The node of a container; None if that failed."""
        state, before = self.state, len(self.state.problems)
        written = opened(
            syntax.type,
            syntax.parameters,
            syntax.parameters_loc,
            lambda value, loc: around.or_reported(value, loc, state.problems, default=UNKNOWN),
        )
        if written is UNKNOWN:
            bound(reader, around, None, state)
            around.scope.lose_edges()
            return None
        parsed = parse_container(syntax.type, written, syntax.parameters_loc, around.library.types, state.problems)
        well_formed = len(state.problems) == before
        refs = bound(reader, around, _signature(parsed, syntax, wiring.source, state), state)
        if refs is None or (isinstance(parsed.wrapper, RNN) and not well_formed):
            around.scope.lose_edges()
            alone.check_section(parsed.section, around.unmade, state.problems)
            return None
        node = self._filled(parsed, frame, refs, around, wiring, well_formed=well_formed)
        return None if self._failed(before) else node

    def composed(
        self, syntax: NodeSyntax, frame: Node, around: Surroundings, wiring: Wiring, reader: Reader
    ) -> Node | None:
        """The node of a layer that is composed of others; None if that failed."""
        state, before, place = self.state, len(self.state.problems), syntax.parameters_loc
        spec = spec_at(syntax, around, state)
        refs = bound(reader, around, None if spec is None else Signature.of(spec), state)
        if refs is None or not isinstance(spec, ComposedSpec):
            around.scope.lose_edges()
            return None
        try:
            nodes = spec.nodes({name: around.scope.tensor(ref).shape for name, ref in refs.items()})
        except SpecError as error:
            state.report_at(error, place)
            return None
        parsed = Container(Section(place, None, nodes, spec.inner_outputs(), place))
        node = self._filled(parsed, frame, refs, around, wiring, well_formed=True)
        return None if self._failed(before) else node

    def block(
        self, syntax: NodeSyntax, frame: Node, around: Surroundings, wiring: Wiring, reader: Reader
    ) -> Node | None:
        """The node of a block; None if that failed."""
        state, block = self.state, around.library.blocks[syntax.type]
        refs = bound(reader, around, Signature(block.inputs or ("input",)), state)
        given = around.or_reported(syntax.parameters, syntax.parameters_loc, state.problems, default=UNKNOWN)
        if refs is None or given is UNKNOWN:
            alone.check_node(syntax, around.unmade, state.problems)
            return None
        if not self._may_enter(block, syntax, around):
            return None
        before = len(state.problems)
        scope = Scope({name: around.scope.tensor(ref) for name, ref in refs.items()})
        try:
            known = {**around.library.seen_by(block), **scope.values}
            values = block.values(given, syntax.parameters_loc, known)
        except SpecError as error:
            state.report(error)
            self._say_used(before, block, syntax)
            return None
        inner = around.inside_block(block, values, scope, frame.path, wiring)
        self._check_declared(block.section, inner)
        graph = self.expand(block.section, inner, block.only)
        self._say_used(before, block, syntax)
        if self._failed(before):
            return None
        return _settled(replace(frame, body=graph, reads=refs, outputs=graph.output_tensors(), macs=graph.macs()))

    def _filled(
        self,
        parsed: Container,
        frame: Node,
        refs: References,
        around: Surroundings,
        wiring: Wiring,
        *,
        well_formed: bool,
    ) -> Node | None:
        """The node of a container that reads `refs`."""
        place, wrapper, before = parsed.section.loc, parsed.wrapper, len(self.state.problems)
        read = given = {name: around.scope.tensor(ref) for name, ref in refs.items()}
        times: int | None = 1
        if wrapper is not None:
            try:
                given, times = inputs_inside(wrapper, read, around.compute_of(wiring))
            except SpecError as error:
                self.state.add(place[:-1] if isinstance(wrapper, RNN) else place, str(error))
                return None
        if self._is_too_deep(place, around):
            return None
        inner = around.inside(Scope(given, around.scope), frame.path, wiring)
        inner = replace(inner, times=known_product((around.times, times)))
        if not well_formed:
            inner.scope.lose_edges()
        if isinstance(wrapper, While | RNN):
            inner = replace(inner, looped=True)
        if isinstance(wrapper, While):
            check_condition(wrapper, inner, place, self.state)
        self._check_declared(parsed.section, inner)
        graph = self.expand(parsed.section, inner, False)
        if isinstance(wrapper, RNN):
            graph = handing_on(wrapper, graph, place, self.state)
        if inner.scope.captured:
            self.state.capturing.add(frame.path)
        outputs = graph.output_tensors()
        if wrapper is not None:
            outputs = outputs_outside(wrapper, read, inner, outputs, place, self.state)
        if wrapper is not None and well_formed and not self._failed(before):
            frame = replace(frame, weights=own_weights(wrapper, graph, place, self.state))
        reads = {**refs, **inner.scope.captured}
        return _settled(replace(frame, spec=wrapper, body=graph, reads=reads, outputs=outputs, macs=graph.macs()))

    def _check_declared(self, section: Section, inner: Surroundings) -> None:
        """Refuses what is read where the inputs are declared with other shapes or dtypes."""
        written, loc, scope = section.inputs, section.inputs_loc, inner.scope
        if not isinstance(written, Mapping):
            return
        shaped = {name: item for name, item in written.items() if item is not None and name in scope.inputs}
        values = inner.or_reported(shaped, loc, self.state.problems)
        declared = declared_inputs(values, scope.inputs, loc, self.state.problems) if values else None
        for name, tensor in (declared or {}).items():
            if not scope.inputs[name].fits(tensor):
                self.state.add((*loc, name), f"declared as {tensor}, but it reads {scope.inputs[name]}")

    def _may_enter(self, block: Block, syntax: NodeSyntax, around: Surroundings) -> bool:
        places = [each.loc for each in around.used]
        if block.loc in places:
            chain = " -> ".join((*(each.name for each in around.used[places.index(block.loc) :]), block.name))
            self.state.add(syntax.loc, f"block {block.name} would contain itself: {chain}")
            return False
        return not self._is_too_deep(syntax.loc, around)

    def _is_too_deep(self, loc: Loc, around: Surroundings) -> bool:
        self.state.grow(CONTAINER, loc)
        if around.depth < MAX_DEPTH:
            return False
        self.state.add(loc, f"nodes are nested deeper than {MAX_DEPTH} containers")
        return True

    def _say_used(self, before: int, block: Block, syntax: NodeSyntax) -> None:
        """Notes of the new problems in a block which node has led there."""
        problems = self.state.problems
        problems[before:] = (
            replace(each, via=(*each.via, syntax.loc)) if each.loc[: len(block.loc)] == block.loc or each.via else each
            for each in problems[before:]
        )

    def _failed(self, before: int) -> bool:
        return any(problem.severity == "error" for problem in self.state.problems[before:])


def _settled(node: Node) -> Node:
    """A container; one output of which nothing is known stands for all of them, where one is not known."""
    if not node.gives_unknown or node.body is None:
        return node
    unknown = next(ref for name, ref in node.body.outputs.items() if not node.outputs[name].known)
    body = replace(node.body, outputs={UNKNOWN_PORT: unknown})
    return replace(node, body=body, outputs={UNKNOWN_PORT: UNKNOWN_TENSOR}, known=False)


def _signature(parsed: Container, syntax: NodeSyntax, source: Any, state: State) -> Signature | None:
    """A container's inputs: as declared, or the keys of its `from`, or `input`; a wrapper says its own."""
    if parsed.wrapper is not None:
        return Signature(parsed.wrapper.inputs, parsed.wrapper.may_read)
    before = len(state.problems)
    names = input_names(parsed.section, state.problems)
    if not names and isinstance(source, Mapping) and list(source) not in ([], ["input"]):
        names = tuple(source)
        loc = (*syntax.loc, "from")
        state.problems += (problem for name in names for problem in check_name(name, (*loc, name), at="key"))
    return None if len(state.problems) > before else Signature(names or ("input",))
