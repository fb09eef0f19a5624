"""Names in a scope: which nodes and inputs a `from`, or an output, may read, and what they mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from netlib.spec.base import shown
from netlib.spec.errors import Loc, Problem, SpecError, did_you_mean, one_of
from netlib.spec.graph import Ref
from netlib.spec.nodes import NodeSyntax
from netlib.spec.registry import snake_case
from netlib.spec.tensors import TensorSpec

Ports = dict[str, TensorSpec]

FAILED = "?"
"""Begins the stand-in name of a node that has none because of a mistake."""


class Scope:
    """The nodes and inputs of one list of nodes, as far as they have been read.

    A node whose shapes could not be inferred is declared with None: what reads it is left out in silence, since the node itself
    is reported. A name that is not here is looked up in the scopes around; what is found there becomes an input of this scope,
    called as it was written (`captured`). `read` has the nodes that something reads; it is not `complete` once an edge could not
    be followed.
    """

    def __init__(self, inputs: Mapping[str, TensorSpec], outer: Scope | None = None) -> None:
        self.inputs = dict(inputs)
        self.captured: dict[str, Ref] = {}
        self.read: set[str] = set()
        self.complete = True
        self._own_inputs = list(inputs)
        self._outer = outer
        self._nodes: dict[str, Ports | None] = {}
        self._defaults: dict[str, str] = {}
        self._types: Counter[str] = Counter()
        self._unnamed: Counter[str] = Counter()
        self._previous: str | None = None

    def expect(self, types: Iterable[str]) -> None:
        """Tells the types of all nodes to come: a default name may be read only if it is alone in its type."""
        self._types.update(types)

    @property
    def declared(self) -> list[str]:
        """The nodes' names in their order."""
        return list(self._nodes)

    def choose_name(self, node: NodeSyntax) -> str:
        """The node's own name, or the default: its type in snake_case, then with `_2`, `_3`.

        Raises:
            SpecError: another node or input of the scope has that name.
        """
        name = node.name
        if name is None:
            self._unnamed[node.type] += 1
            count = self._unnamed[node.type]
            name = snake_case(node.type) + (f"_{count}" if count > 1 else "")
        if name in self._nodes or name in self._own_inputs:
            what = "an input" if name in self._own_inputs else "another node"
            at = (*node.loc, "name") if node.name else node.loc
            raise SpecError([Problem(at, f"{what} here is called '{name}' already; give this one another `name`")])
        if node.name is None:
            self._defaults[name] = node.type
        return name

    def declare(self, name: str, ports: Ports | None) -> None:
        """Makes a node known to those after it; `ports` None if it failed."""
        self._nodes[name] = ports
        self._previous = name

    def lose_edges(self) -> None:
        """Notes that something here could not be followed to what it reads, in this scope or one around."""
        for scope in (self, *self._around()):
            scope.complete = False

    def find(self, text: object, loc: Loc) -> Ref | None:
        """What `text` (`previous`, `input`, `name` or `name.port`) refers to; None if that failed.

        Raises:
            SpecError: there is nothing of that name before this place.
        """
        if not isinstance(text, str):
            raise SpecError([Problem(loc, f"expected the name of a node or an input, got {shown(text)}")])
        if text == "previous":
            return self._before(loc)
        name, dot, port = text.partition(".")
        if name == "input":
            name = self._only_input(loc)
        if name in self._nodes:
            return self._port(name, port if dot else None, loc)
        if name in self._own_inputs:
            if dot:
                raise SpecError([Problem(loc, f"'{name}' is an input and has no port '{port}'")])
            return Ref(None, name)
        return self._capture(name, text, loc)

    def tensor(self, ref: Ref) -> TensorSpec:
        """The tensor that a reference found here stands for."""
        tensor = self.inputs[ref.port] if ref.node is None else (self._nodes[ref.node] or {}).get(ref.port)
        if tensor is None:
            raise KeyError(ref)
        return tensor

    def values(self) -> dict[str, Any]:
        """What `$(input.channels)` and `$(memory.shape[0])` see: the inputs, the batch axis left out."""
        known = {name: _shape_values(self.inputs[name]) for name in self._own_inputs}
        return {**known, "input": next(iter(known.values()))} if len(known) == 1 else known

    def _before(self, loc: Loc) -> Ref | None:
        """The first port of the node before, or the only input."""
        if self._previous is not None:
            return self._first_port(self._previous)
        if len(self._own_inputs) != 1:
            message = f"the first node needs a `from` that names an input: {one_of(self._own_inputs)}"
            raise SpecError([Problem(loc, message)])
        return Ref(None, self._own_inputs[0])

    def _only_input(self, loc: Loc) -> str:
        if len(self._own_inputs) != 1:
            message = f"`input` needs exactly one input; here are {one_of(self._own_inputs)}, name the one meant"
            raise SpecError([Problem(loc, message)])
        return self._own_inputs[0]

    def _first_port(self, name: str) -> Ref | None:
        self.read.add(name)
        ports = self._nodes[name]
        return Ref(name, next(iter(ports))) if ports else None

    def _port(self, name: str, port: str | None, loc: Loc) -> Ref | None:
        kind = self._defaults.get(name)
        if kind and self._types[kind] > 1:
            message = (
                f"'{name}' is the default name of one of {self._types[kind]} {kind} nodes here; give that node a `name`"
            )
            raise SpecError([Problem(loc, message)])
        if port is None:
            return self._first_port(name)
        self.read.add(name)
        ports = self._nodes[name]
        if ports is not None and port not in ports:
            hint = did_you_mean(port, ports) or f"; it has {one_of(ports)}"
            raise SpecError([Problem(loc, f"'{name}' has no port '{port}'{hint}")])
        return Ref(name, port) if ports else None

    def _capture(self, name: str, text: str, loc: Loc) -> Ref | None:
        """What a scope around gives under that name, as an input of this one."""
        around = list(self._around())
        if not any(scope._offers(name) for scope in around):
            if any(name in scope._defaults for scope in around):
                message = f"'{name}' is a default name, which serves only beside its node; give that node a `name`"
                raise SpecError([Problem(loc, message)])
            hint = did_you_mean(name, self._readable()) or "; a node stands before what reads it"
            raise SpecError([Problem(loc, f"there is no node or input '{name}' before this one{hint}")])
        outer = around[0]
        found = outer.find(text, loc) if outer._offers(name) else outer._capture(name, text, loc)
        if found is None:
            return None
        self.captured[text] = found
        self.inputs[text] = outer.tensor(found)
        return Ref(None, text)

    def _around(self) -> Iterator[Scope]:
        scope = self._outer
        while scope is not None:
            yield scope
            scope = scope._outer

    def _offers(self, name: str) -> bool:
        """Whether the scopes inside may read that name: an input, or a node that was named."""
        return name in self._own_inputs or (name in self._nodes and name not in self._defaults)

    def _readable(self) -> list[str]:
        """All names that may be read here."""
        nodes = [name for name in self._nodes if not name.startswith(FAILED)]
        outer = [
            name for scope in self._around() for name in (*scope._nodes, *scope._own_inputs) if scope._offers(name)
        ]
        return [*nodes, *self._own_inputs, *(name for name in outer if name != "input" and not name.startswith(FAILED))]


def _shape_values(tensor: TensorSpec) -> dict[str, Any]:
    axes = list(tensor.shape[1:])
    return {"shape": axes, "rank": len(axes), "channels": axes[-1] if axes else None}
