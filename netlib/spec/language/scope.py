"""Names in a scope: which nodes and inputs a `from`, an expression or an output may read, and what they mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from netlib.spec.base import shown
from netlib.spec.errors import Loc, Problem, SpecError, did_you_mean, one_of
from netlib.spec.graph import Ref
from netlib.spec.language.entries import Copies, Entry, Ports, Single
from netlib.spec.language.nodes import NodeSyntax
from netlib.spec.registry import snake_case
from netlib.spec.tensors import TensorSpec

UNKNOWN_PORT = "output"
"""Stands for the ports of a node of which it is not known what it gives."""
FAILED = "?"
"""Begins the stand-in name of a node that has none because of a mistake."""
_HINTED = 300
"""Names that are looked through for what was probably meant."""
_HELPED = 50


class Found(NamedTuple):
    """What a name refers to: one tensor, or (`several`) a list, each with what it is called behind the name."""

    refs: dict[str, Ref]
    several: bool = False

    @property
    def only(self) -> Ref:
        """The one tensor."""
        return next(iter(self.refs.values()))


class Scope:
    """The nodes and inputs of one list of nodes, as far as they have been read.

    A node whose shapes could not be inferred is declared with None: what reads it says nothing of its own, since the node itself
    is reported, or known only once Keras was asked. A name that is not here is looked up in the scopes around, up to the block's;
    what is found becomes an input of this scope, called as it was written (`captured`). `read` has the nodes that something
    reads; it is not `complete` once an edge could not be followed.
    """

    def __init__(self, inputs: Mapping[str, TensorSpec], outer: Scope | None = None) -> None:
        self.inputs = dict(inputs)
        self.captured: dict[str, Ref] = {}
        self.read: set[str] = set()
        self.complete = True
        self.outer = outer
        self.definitions: dict[str, Any] = {}
        """What the nodes here were made of, by their names in the graph."""
        self._missed: list[str] = outer._missed if outer else []
        self._own_inputs = dict.fromkeys(inputs)
        self._tensors: dict[str, Ports] = {}
        self._entries: dict[str, Entry | None] = {}
        self._defaults: dict[str, str] = {}
        self._types: Counter[str] = Counter()
        self._unnamed: Counter[str] = Counter()
        self._previous: str | None = None
        self._unknown: dict[str, list[str]] = {}
        self.values = self._values()

    def expect(self, types: Iterable[str]) -> None:
        """Tells the types of all nodes to come: a default name may be read only if it is alone in its type."""
        self._types.update(map(_bare, types))

    def choose_name(self, node: NodeSyntax, given: str | None) -> str:
        """The name that the node was given, or the default: its type in snake_case, then with `_2`, `_3`. What a container adds
        on its own takes one that is free.

        Raises:
            SpecError: another node or input of the scope has that name.
        """
        name = given or self._default(node.type)
        while node.implied and given is None and self._is_taken(name):
            name = self._default(node.type)
        if self._is_taken(name):
            what = "an input" if name in self._own_inputs else "another node"
            at = (*node.loc, "name") if given else node.loc
            raise SpecError([Problem(at, f"{what} here is called '{name}' already; give this one another `name`")])
        if given is None:
            self._defaults[name] = _bare(node.type)
        return name

    def _default(self, kind: str) -> str:
        kind = _bare(kind)
        self._unnamed[kind] += 1
        count = self._unnamed[kind]
        return snake_case(kind) + (f"_{count}" if count > 1 else "")

    def _is_taken(self, name: str) -> bool:
        return name in self._entries or name in self._own_inputs

    # What becomes known.

    def declare(self, name: str, entry: Entry | None, *, passes: bool = True) -> None:
        """Makes a name known to the nodes after it; `entry` None if its node failed. What passes is their `previous`."""
        self._entries[name] = entry
        if passes:
            self._previous = name

    def add(self, node: str, ports: Ports) -> Single | None:
        """Makes the outputs of a node of the graph known, under whatever name it is declared; None if they are not known."""
        if not all(tensor.known for tensor in ports.values()):
            for name in dict.fromkeys((node, node.partition(".")[0])):
                self._unknown.setdefault(name, []).append(node)
            return None
        self._tensors[node] = ports
        return Single({port: Ref(node, port) for port in ports})

    def unknown(self, text: object) -> Ref | None:
        """Where an edge begins that a text names, if that is a node here of which it is not known what it gives."""
        name, *rest = str(self._previous if text == "previous" else text).split(".")
        nodes = self._unknown.get(".".join([name, *rest[:1]])) or self._unknown.get(name)
        return Ref(nodes[-1], UNKNOWN_PORT) if nodes else None

    def lose_edges(self) -> None:
        """Notes that something here could not be followed to what it reads, in this scope or one around."""
        for scope in (self, *self._around()):
            scope.complete = False

    # What is read.

    def find(self, text: object, loc: Loc) -> Found | None:
        """What `previous`, `input`, `name`, `name.port`, `name.2` (a copy) or `name.*` (all) refers to; None if that failed.

        Raises:
            SpecError: there is nothing of that name before this place.
        """
        if not isinstance(text, str):
            raise SpecError([Problem(loc, f"expected the name of a node or an input, got {shown(text)}")])
        if text == "previous":
            return self._before(loc)
        name, *rest = text.split(".")
        if name == "input":
            name = self._only_input(loc)
        if name in self._entries:
            self._check_default(name, loc)
            return self._selected(self._entries[name], name, rest, loc)
        if name in self._own_inputs:
            if rest:
                raise SpecError([Problem(loc, f"'{name}' is an input and has no port '{'.'.join(rest)}'")])
            return Found({"": Ref(None, name)})
        return self._capture(name, text, loc)

    def owner(self, text: object, loc: Loc) -> tuple[Scope, str] | None:
        """The scope that has the node that `share` names, and the node's name in the graph; None if that node failed.

        Raises:
            SpecError: there is no such node before this place.
        """
        if not isinstance(text, str):
            raise SpecError([Problem(loc, f"expected the name of a node, got {shown(text)}")])
        name, *rest = text.split(".")
        for scope in (self, *self._around()):
            if name in scope._entries and (scope is self or name not in scope._defaults):
                scope._check_default(name, loc)
                entry = scope._entries[name]
                node = entry.node(rest) if entry else None
                if entry is not None and node is None:
                    raise SpecError([Problem(loc, f"'{text}' {entry.unshared(name, rest)}")])
                return None if node is None else (scope, node)
        if any(name in scope._own_inputs for scope in (self, *self._around())):
            raise SpecError([Problem(loc, f"'{name}' is an input, which has no weights to share")])
        raise SpecError(
            [Problem(loc, f"there is no node '{text}' before this one{self._hint(name, self._readable())}")]
        )

    def tensor(self, ref: Ref) -> TensorSpec:
        """The tensor that a reference found here stands for."""
        return self.inputs[ref.port] if ref.node is None else self._tensors[ref.node][ref.port]

    @property
    def last_given_name(self) -> str | None:
        """The name of the node that would be `previous` next, if it was given one."""
        name = self._previous
        return None if name is None or name in self._defaults or name.startswith(FAILED) else name

    def has(self, name: str) -> bool:
        """Whether a name can be read here."""
        return name in self._entries or name in self._own_inputs or any(scope._offers(name) for scope in self._around())

    def _selected(self, entry: Entry | None, name: str, rest: list[str], loc: Loc) -> Found | None:
        if entry is None:
            return None
        try:
            refs, several = entry.select(rest)
        except LookupError as error:
            raise SpecError([Problem(loc, f"'{name}' {error.args[0]}")]) from None
        self.read.update(ref.node for ref in refs.values() if ref.node is not None)
        return Found(refs, several)

    def _before(self, loc: Loc) -> Found | None:
        """The first port of the node before, or the only input."""
        if self._previous is not None:
            entry = self._entries[self._previous]
            if isinstance(entry, Copies) and not entry.chained:
                message = f"the node before has copies side by side, '{self._previous}'; say in `from` which to read"
                first = f"{self._previous}.{next(iter(entry.copies))}"
                raise SpecError([Problem(loc, f"{message}: {first}, or {self._previous}.* for all")])
            return self._selected(entry, self._previous, [], loc)
        if len(self._own_inputs) != 1:
            message = f"the first node needs a `from` that names an input: {one_of(self._own_inputs)}"
            raise SpecError([Problem(loc, message)])
        return Found({"": Ref(None, next(iter(self._own_inputs)))})

    def _only_input(self, loc: Loc) -> str:
        if len(self._own_inputs) != 1:
            message = f"`input` needs exactly one input; here are {one_of(self._own_inputs)}, name the one meant"
            raise SpecError([Problem(loc, message)])
        return next(iter(self._own_inputs))

    def _check_default(self, name: str, loc: Loc) -> None:
        kind = self._defaults.get(name)
        if kind and self._types[kind] > 1:
            message = (
                f"'{name}' is the default name of one of {self._types[kind]} {kind} nodes here; give that node a `name`"
            )
            raise SpecError([Problem(loc, message)])

    def _capture(self, name: str, text: str, loc: Loc) -> Found | None:
        """What a scope around gives under that name, as an input of this one."""
        around = list(self._around())
        if not any(scope._offers(name) for scope in around):
            if any(name in scope._defaults for scope in around):
                message = f"'{name}' is a default name, which serves only beside its node; give that node a `name`"
                raise SpecError([Problem(loc, message)])
            hint = self._hint(name, self._readable())
            raise SpecError([Problem(loc, f"there is no node or input '{name}' before this one{hint}")])
        outer = around[0]
        found = outer.find(text, loc) if outer._offers(name) else outer._capture(name, text, loc)
        if found is None:
            return None
        refs = {}
        base = text.removesuffix(".*")
        for suffix, ref in found.refs.items():
            called = f"{base}.{suffix}" if suffix else text
            self.captured[called] = ref
            self.inputs[called] = outer.tensor(ref)
            refs[suffix] = Ref(None, called)
        return Found(refs, found.several)

    def _around(self) -> Iterator[Scope]:
        scope = self.outer
        while scope is not None:
            yield scope
            scope = scope.outer

    def _offers(self, name: str) -> bool:
        """Whether the scopes inside may read that name: an input, or a node that was named."""
        return name in self._own_inputs or (name in self._entries and name not in self._defaults)

    def _hint(self, name: str, known: Iterable[str]) -> str:
        """What was probably meant; of very many names that are wrong, only for the first."""
        self._missed.append(name)
        return (did_you_mean(name, islice(known, _HINTED)) if len(self._missed) <= _HELPED else "") or _ORDER

    def _readable(self) -> Iterator[str]:
        """All names that may be read here, the latest first."""
        yield from self._own_inputs
        yield from (name for name in reversed(self._entries) if not name.startswith(FAILED))
        for scope in self._around():
            yield from (name for name in scope._own_inputs if name != "input")
            named = (name for name in reversed(scope._entries) if name not in scope._defaults)
            yield from (name for name in named if not name.startswith(FAILED))

    def _values(self) -> dict[str, Any]:
        """What `$(input.channels)` and `$(memory.shape[0])` see: the inputs, the batch axis left out; and those of the scopes
        around by their names."""
        known = {name: _shape_values(self.inputs[name]) for name in self._own_inputs}
        if len(known) == 1:
            known["input"] = next(iter(known.values()))
        outer = {name: value for name, value in self.outer.values.items() if name != "input"} if self.outer else {}
        return {**outer, **known}


def _bare(kind: str) -> str:
    """A type without `keras.layers.` in front."""
    return kind.rpartition(".")[2]


_ORDER = "; a node stands before what reads it"


def _shape_values(tensor: TensorSpec) -> dict[str, Any]:
    axes = list(tensor.shape[1:] if tensor.batched or not tensor.shape else tensor.shape)
    return {"shape": axes, "rank": len(axes), "channels": axes[-1] if axes else None}
