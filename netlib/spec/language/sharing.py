"""Nodes that run another one again, with the same weights: `share`."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from netlib.spec.computing import ExpressionSpec
from netlib.spec.errors import Loc, Problem, SpecError
from netlib.spec.graph import Node
from netlib.spec.language.edges import Reader
from netlib.spec.language.holding import Holding
from netlib.spec.language.making import bound, measured, reads
from netlib.spec.language.nodes import NodeSyntax
from netlib.spec.language.state import CONTAINER, Definition, State
from netlib.spec.language.surroundings import Surroundings

_OF_OWNER = ("trainable", "dtype", "tie", "shape")


class Shared(NamedTuple):
    """A node that runs again, and how its weights were made: None each if that failed."""

    node: Node | None
    definition: Definition | None


class Sharing:
    """Makes such nodes; `holding` makes those that hold others."""

    def __init__(self, state: State, holding: Holding) -> None:
        self.state = state
        self.holding = holding

    def shared(self, syntax: NodeSyntax, frame: Node, around: Surroundings, reader: Reader) -> Shared:
        """The node that runs another one again."""
        for key in _OF_OWNER:
            if key in syntax.wiring:
                message = f"'{key}' belongs to the node that is shared: write it there"
                self.state.problems.append(Problem((*syntax.loc, key), message, at="key"))
        definition = self._owner(syntax, around)
        if definition is None:
            bound(reader, around, None, self.state)
            around.scope.lose_edges()
            return Shared(None, None)
        own, beside = definition.node, definition.around.scope is around.scope
        frame = replace(
            frame,
            path=own.path,
            type=own.type,
            trainable=own.trainable,
            dtype=own.dtype,
            shares=own.name if beside else own.path,
        )
        if own.body is not None:
            node = self._contained_again(definition, frame, around, reader)
        else:
            node = self._layer_again(definition, syntax, frame, around, reader)
        if node is None or not self._same_weights(node, own, syntax.loc):
            return Shared(None, None)
        return Shared(node, definition)

    def _owner(self, syntax: NodeSyntax, around: Surroundings) -> Definition | None:
        """How the node was made that is shared."""
        loc = syntax.parameters_loc
        try:
            found = around.scope.owner(around.substituted(syntax.parameters, loc), loc)
        except SpecError as error:
            self.state.report(error)
            return None
        if found is None:
            return None
        scope, name = found
        definition: Definition = scope.definitions[name]
        own = definition.node
        if own.body is None and own.spec is not None and (own.spec.source or isinstance(own.spec, ExpressionSpec)):
            again = "read it again by its name" if own.spec.source else "write it again"
            self.state.add(loc, f"'{name}' is a {own.type}, which has no weights to share: {again}")
            return None
        if scope is not around.scope and own.path in self.state.capturing:
            message = f"'{name}' reads nodes around it by name, so it can be shared only in the list in which it is"
            self.state.add(loc, message)
            return None
        return definition

    def _layer_again(
        self, definition: Definition, syntax: NodeSyntax, frame: Node, around: Surroundings, reader: Reader
    ) -> Node | None:
        spec = definition.node.spec
        if spec is None:
            raise TypeError(f"{definition.node.path} is no layer")
        read = reads(spec, replace(syntax, type=frame.type), reader, around, self.state)
        if read is None:
            return None
        there = replace(around, compute=definition.around.compute)
        try:
            again = replace(frame, ties=definition.node.ties)
            return measured(again, spec, read, there, self.state, definition.wiring.shape)
        except SpecError as error:
            self.state.report_at(error, syntax.parameters_loc)
            return None

    def _contained_again(
        self, definition: Definition, frame: Node, around: Surroundings, reader: Reader
    ) -> Node | None:
        self.state.grow(CONTAINER, frame.loc)  # its weights are compared besides
        first = definition.around
        here = replace(
            first, scope=around.scope, times=around.times, looped=around.looped, depth=around.depth, used=around.used
        )
        make = self.holding.maker(definition.syntax.type)
        return make(definition.syntax, frame, here, replace(definition.wiring, source=reader.source), reader)

    def _same_weights(self, node: Node, own: Node, loc: Loc) -> bool:
        """Whether what the node reads asks for the weights that there are; the first difference is reported."""
        now, then = _weights(node), _weights(own)
        path = next((path for path in {**now, **then} if now.get(path) != then.get(path)), None)
        if path is None:
            return True
        was, would_be = (f"the shape {list(shapes[path])}" if path in shapes else "no use" for shapes in (then, now))
        self.state.add(loc, f"'{path}' has {was}; for what this node reads it would have {would_be}")
        return False


def _weights(node: Node) -> dict[str, tuple[int, ...]]:
    """The weights of a node and of all inside of it, by path; those too of which other nodes are the owners."""
    inside = [node, *(node.body.walk() if node.body else ())]
    return {part.weight_path(weight): weight.shape for part in inside for weight in part.weights}
