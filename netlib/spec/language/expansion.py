"""One pass over a list of nodes, in their order: names, copies and conditions; the nodes themselves are made elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from netlib.spec.base import shown
from netlib.spec.errors import Loc, Problem, SpecError
from netlib.spec.graph import Graph, Node, Ref
from netlib.spec.language import alone
from netlib.spec.language.edges import Reader, Source, follow, sources
from netlib.spec.language.entries import Copies, Single
from netlib.spec.language.holding import Holding
from netlib.spec.language.making import bound, check_shape, layer_node, unknown_node
from netlib.spec.language.nodes import CONTAINERS, SHARE, NodeSyntax, check_node_name, is_layer, parse_node
from netlib.spec.language.pruning import needed
from netlib.spec.language.scope import FAILED, UNKNOWN_PORT, Found
from netlib.spec.language.section import Section, output_sources
from netlib.spec.language.sharing import Sharing
from netlib.spec.language.state import NODE, Definition, State
from netlib.spec.language.surroundings import Surroundings
from netlib.spec.language.wiring import Wiring, copies, is_left_in, parse_wiring
from netlib.spec.registry import COMPOSED, spec_class

_COPYING = ("repeat", "each")


class Expansion:
    """Makes graphs of lists of nodes; `state` collects what is found."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._holding = Holding(state, self.graph)
        self._sharing = Sharing(state, self._holding)
        self._looked_at: set[Loc] = set()

    def graph(self, section: Section, around: Surroundings, only: bool = False) -> Graph:
        """The graph of a list of nodes; with `only`, of those that the outputs need.

        Raises:
            TooLargeError: the network is.
        """
        scope = around.scope
        syntaxes = self._syntaxes(section, around)
        if not all(syntax.type for syntax in syntaxes):  # what an unreadable node reads is not known
            scope.lose_edges()
        scope.expect(syntax.type for syntax in syntaxes if not syntax.implied)
        made = [(syntax, self._nodes(syntax, around)) for syntax in syntaxes]
        outputs = self._outputs(section, around)
        graph = Graph(scope.inputs, tuple(node for _, nodes in made for node in nodes), outputs)
        if only:
            return needed(graph)
        if scope.complete:
            self._report_unread(made, scope.read)
        return graph

    def _syntaxes(self, section: Section, around: Surroundings) -> list[NodeSyntax]:
        """The nodes as written, and those that the container adds; one whose form is wrong has no type."""
        items, problems = section.nodes, self.state.problems
        if isinstance(items, str):
            items = around.or_reported(items, section.nodes_loc, problems, default=[])
            if not isinstance(items, list):
                self.state.add(section.nodes_loc, f"expected a list of nodes, got {shown(items)}")
                items = []
        found = []
        for index, item in enumerate(items):
            loc = (*section.nodes_loc, index)
            try:
                whole = around.substituted(item, loc) if isinstance(item, str) and "$" in item else item
                found.append(parse_node(whole, loc, around.library.types))
            except SpecError as error:
                self.state.report(error)
                alone.check_parameters(item, loc, around.unmade, problems)
                named = item.get("name") if isinstance(item, Mapping) else None
                found.append(NodeSyntax(loc, "", None, {"name": named} if isinstance(named, str) else {}))
        return [*found, *section.implied]

    def _nodes(self, syntax: NodeSyntax, around: Surroundings) -> list[Node]:
        """The nodes of the graph that a node of the language stands for, which may be none."""
        if not syntax.type:
            around.scope.declare(syntax.wiring.get("name", f"{FAILED}{syntax.loc[-1]}"), None)
            return []
        self.state.grow(NODE, syntax.loc)
        name = self._name(syntax, around)
        if name is None:
            return []
        words = [word for word in _COPYING if word in syntax.wiring]
        if words:
            return self._copies(syntax, words, name, around)
        left_in = self._left_in(syntax, around)
        if not left_in:
            entry = None if left_in is None else self._left_out(syntax, around)
            around.scope.declare(name, entry, passes=_passes(syntax.type))
            return []
        node = self._made(syntax, name, around, None)
        around.scope.declare(name, around.scope.add(name, node.outputs) if node else None, passes=_passes(syntax.type))
        return [node] if node else []

    def _name(self, syntax: NodeSyntax, around: Surroundings) -> str | None:
        """The name by which a node is known; None if it has none because of a mistake, which is reported."""
        given, loc = syntax.wiring.get("name"), (*syntax.loc, "name")
        try:
            if given is not None:
                given = around.substituted(given, loc)
                wrong = [] if syntax.implied else check_node_name(given, loc)
                if wrong:
                    raise SpecError(wrong)
            return around.scope.choose_name(syntax, given)
        except SpecError as error:
            self.state.report(error)
            is_free = isinstance(given, str) and not around.scope.has(given)
            around.scope.declare(str(given) if is_free else f"{FAILED}{syntax.loc[-1]}", None)
            around.scope.lose_edges()
            alone.check_node(syntax, around.unmade, self.state.problems)
            return None

    def _left_in(self, syntax: NodeSyntax, around: Surroundings) -> bool | None:
        """What its `if` says, true without one; None if that cannot be told."""
        if "if" not in syntax.wiring:
            return True
        loc = (*syntax.loc, "if")
        try:
            return is_left_in(around.substituted(syntax.wiring["if"], loc), loc)
        except SpecError as error:
            self.state.report(error)
            around.scope.lose_edges()
            return None

    def _left_out(self, syntax: NodeSyntax, around: Surroundings) -> Single | None:
        """What a node that is left out stands for: what it would have read first; None if that failed."""
        if syntax.loc not in self._looked_at:
            self._looked_at.add(syntax.loc)
            self.state.problems += alone.misspelt(syntax, around.unmade)
        if not _passes(syntax.type):
            return Single({}, left_out=True)
        written = around.or_reported(syntax.wiring.get("from"), (*syntax.loc, "from"), self.state.problems)
        entries = sources(Reader(syntax.type, written, syntax.sources_loc, before=syntax.before))[:1]
        found = list(follow(entries, around.scope, self.state.problems).values())
        if not found:
            return Single({}, left_out=True)
        if found[0] is None:
            return None
        return Single({"output": found[0].only} if found[0].refs else {}, left_out=True)

    def _copies(self, syntax: NodeSyntax, words: list[str], name: str, around: Surroundings) -> list[Node]:
        """The nodes of the copies of a node, none if one of them failed."""
        word, loc, scope = words[0], (*syntax.loc, words[0]), around.scope
        passes = _passes(syntax.type)
        try:
            if len(words) > 1:
                raise SpecError([Problem(loc, "a node has either 'repeat' or 'each', not both", at="key")])
            wanted = copies(around.substituted(syntax.wiring[word], loc), loc)
        except SpecError as error:
            self.state.report(error)
            scope.declare(name, None, passes=passes)
            scope.lose_edges()
            alone.check_node(syntax, around.unmade, self.state.problems)
            return []
        if not wanted:
            entry = self._left_out(syntax, around)
            scope.declare(name, entry and replace(entry, copied=True), passes=passes)
            return []
        found: dict[str, Single] = {}
        nodes: list[Node] = []
        before: Found | None = None
        for key, values in wanted.items():
            if before is not None:
                scope.read.update(ref.node for ref in before.refs.values() if ref.node is not None)
            entry, node = self._copy(syntax, f"{name}.{key}", around.copy(values), before)
            nodes += [node] if node else []
            if entry is None:
                scope.declare(name, None, passes=passes)
                later = [f"{name}.{each}" for each in wanted][len(found) + 1 :]
                return nodes + (_alike(node, later, around, chained=word == "repeat") if node else [])
            found[key] = entry
            before = Found(entry.select([])[0]) if word == "repeat" and entry.ports else None
        scope.declare(name, Copies(found, chained=word == "repeat"), passes=passes)
        return nodes

    def _copy(
        self, syntax: NodeSyntax, name: str, around: Surroundings, before: Found | None
    ) -> tuple[Single | None, Node | None]:
        """One copy: what it is known as, None if it failed; and its node, None if it is left out."""
        self.state.grow(NODE, syntax.loc)
        left_in = self._left_in(syntax, around)
        if left_in:
            node = self._made(syntax, name, around, before)
            return (around.scope.add(name, node.outputs) if node else None), node
        if left_in is None:
            return None, None
        return (Single({"output": before.only}, left_out=True) if before else self._left_out(syntax, around)), None

    def _made(self, syntax: NodeSyntax, name: str, around: Surroundings, first: Found | None) -> Node | None:
        """The node of the graph; None if that failed."""
        written = {key: value for key, value in syntax.wiring.items() if key not in ("name", "if", *_COPYING)}
        wired: Any = around.or_reported(written, syntax.loc, self.state.problems) if written else {}
        if wired is None:
            around.scope.lose_edges()
            alone.check_node(syntax, around.unmade, self.state.problems)
            return None
        wiring = parse_wiring(wired, syntax.loc, self.state.problems)
        reader = Reader(syntax.type, wiring.source, syntax.sources_loc, first, syntax.before)
        frame = Node(
            name=name,
            path=around.path_of(name),
            loc=syntax.loc,
            type=syntax.type,
            reads={},
            outputs={},
            times=around.times,
            trainable=around.trainable and wiring.trainable,
            dtype=wiring.dtype,
            training=wiring.training,
        )
        if syntax.type == SHARE:
            node, definition = self._sharing.shared(syntax, frame, around, reader)
        else:
            node = self._by_type(syntax, frame, around, wiring, reader)
            definition = Definition(node, syntax, around, wiring) if node else None
        around.scope.definitions[name] = definition
        node = node or unknown_node(frame, reader, around)
        if not node.known:
            self.state.ties.register_unknown(node.path)
        return node

    def _by_type(
        self, syntax: NodeSyntax, frame: Node, around: Surroundings, wiring: Wiring, reader: Reader
    ) -> Node | None:
        if is_layer(syntax.type) and syntax.type not in COMPOSED:
            node = layer_node(syntax, frame, around, wiring, reader, self.state)
        elif wiring.ties:
            bound(reader, around, None, self.state)
            message = f"'tie' joins the weights of a layer, and {syntax.type} holds layers: write it beside one of them"
            self.state.problems.append(Problem((*syntax.loc, "tie"), message, at="key"))
            return None
        elif syntax.type in COMPOSED or syntax.type in CONTAINERS or syntax.type in around.library.blocks:
            node = self._holding.maker(syntax.type)(syntax, frame, around, wiring, reader)
        else:  # a block that is wrong in form
            bound(reader, around, None, self.state)
            around.scope.lose_edges()
            return None
        if node is not None:
            check_shape(node, syntax, wiring, self.state)
        return node

    def _outputs(self, section: Section, around: Surroundings) -> dict[str, Ref]:
        scope, problems = around.scope, self.state.problems
        if section.outputs is None:
            entries = [Source("output", "previous", section.loc)]
        else:
            written = around.or_reported(section.outputs, section.outputs_loc, problems)
            entries = output_sources(written, section.outputs_loc, problems) if written is not None else []
            if not entries:
                scope.lose_edges()
        found = follow(entries, scope, problems)
        for entry in entries:
            each = found[entry.key]
            if each is not None and each.several:
                problems.append(Problem(entry.loc, f"an output is one tensor, but this is a list of {len(each.refs)}"))
        known = {port: each.only for port, each in found.items() if each is not None}
        unknown = {entry.key: scope.unknown(entry.text) for entry in entries if entry.key not in known}
        return {**known, **{port: ref for port, ref in unknown.items() if ref is not None}}

    def _report_unread(self, made: Iterable[tuple[NodeSyntax, list[Node]]], read: set[str]) -> None:
        for syntax, nodes in made:
            known = [node for node in nodes if node.known and _passes(node.type)]
            unread = [node.name for node in known if node.name not in read]
            if unread:
                more = f" (nor {len(unread) - 1} more of its copies)" if len(unread) > 1 else ""
                message = (
                    f"nothing reads node '{unread[0]}'{more}, and it is no output; read it in a `from` or delete it"
                )
                self.state.add(syntax.loc, message)


def _alike(node: Node, names: Iterable[str], around: Surroundings, *, chained: bool) -> list[Node]:
    """The copies behind one of which it is not known what it gives: so it is of them."""
    made = [node]
    for name in names:
        before = made[-1]
        first = {next(iter(before.reads), "0"): Ref(before.name, UNKNOWN_PORT)} if chained else {}
        made.append(replace(before, name=name, path=around.path_of(name), reads={**before.reads, **first}))
        around.scope.add(name, before.outputs)
    return made[1:]


@cache
def _passes(kind: str) -> bool:
    """Whether a node of that type may be the `previous` of the next one, and has to be read."""
    if not is_layer(kind):
        return True
    spec: Any = spec_class("layer", kind)
    return bool(not spec.source and spec.ports)
