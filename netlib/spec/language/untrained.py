"""Weights that no gradient can reach: all that is made of them is a port of a container, or a variable, that nothing reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from netlib.spec.errors import Loc, Problem
from netlib.spec.graph import Graph, Node, Ref

_SHOWN = 3


@dataclass(eq=False)
class _Unread:
    """A port of a node that nothing reads, and the nodes with trained weights that serve it alone, by path."""

    node: Node
    port: str
    behind: dict[str, Node] = field(default_factory=dict)

    def names(self) -> str:
        """What is behind it, as far as that stands beside each other in the node."""
        prefix = f"{self.node.path}."
        found = [
            prefix + path.removeprefix(prefix).partition(".")[0] if path.startswith(prefix) else path
            for path in reversed(self.behind)
        ]
        known = list(dict.fromkeys(found))
        more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
        return ", ".join(known[:_SHOWN]) + more


Fate = _Unread | None
"""Why what is computed serves nothing; None where an output, a loss or a metric of the model is made of it."""


def untrained(graph: Graph) -> list[Problem]:
    """A warning for each node of a model without mistakes that has trained weights behind a port that nothing reads."""
    search = _Search()
    search.enter(graph, dict.fromkeys(graph.outputs))
    groups: dict[tuple[Loc, str], list[_Unread]] = {}
    told: set[str] = set()
    for unread in reversed(search.unread):  # a node that is shared is told of where it stands first
        unread.behind = {
            path: node for path, node in unread.behind.items() if path not in told and not search.serves(node)
        }
        told.update(unread.behind)
        if unread.behind:
            groups.setdefault((unread.node.loc, unread.port), []).append(unread)
    return [Problem(loc, _message(found), severity="warning") for (loc, _), found in groups.items()]


def _message(found: list[_Unread]) -> str:
    """Of ports that are written at one place: of copies of a node, or of nodes in a block that is used several times."""
    unread = found[0]
    node, names = unread.node, unread.names()
    what = f"port '{unread.port}' of '{node.name}'" if len(node.outputs) > 1 else f"'{node.name}'"
    more = f" (nor {len(found) - 1} more that are written here)" if len(found) > 1 else ""
    if node.body is not None:
        return f"nothing reads {what}{more}: the weights of {names} are never trained"
    is_variable = not all(weight.name for weight in node.weights)
    return f"nothing reads {what}{more}: {'it is' if is_variable else 'its weights are'} never trained"


class _Search:
    """One pass against the edges, through a graph and all that is nested in it."""

    def __init__(self) -> None:
        self.unread: list[_Unread] = []
        self._serving: set[str] = set()

    def enter(self, graph: Graph, outputs: Mapping[str, Fate]) -> dict[str, Fate]:
        """Follows the edges back from the outputs, the fates of which are given; gives those of the inputs that are read."""
        fates: dict[Ref, Fate] = {}
        for name, fate in outputs.items():
            _mark(fates, graph.outputs[name], fate)
        for node in reversed(graph.nodes):
            ports = {port: self._fate(node, port, fates) for port in node.outputs}
            for name, fate in self._reads(node, ports).items():
                _mark(fates, node.reads[name], fate)
        return {ref.port: fate for ref, fate in fates.items() if ref.node is None}

    def serves(self, node: Node) -> bool:
        """Whether all trained weights of a node serve something, because it runs again elsewhere or others are tied to it."""
        trained = (node.weight_path(weight) for weight in node.own_weights if node.trains(weight))
        return node.path in self._serving or self._serving.issuperset(trained)

    def _fate(self, node: Node, port: str, fates: Mapping[Ref, Fate]) -> Fate:
        ref = Ref(node.name, port)
        if ref in fates:
            return fates[ref]
        self.unread.append(_Unread(node, port))
        return self.unread[-1]

    def _reads(self, node: Node, ports: Mapping[str, Fate]) -> dict[str, Fate]:
        """The fate of each input that a node reads."""
        whole = None if None in ports.values() or not ports else next(iter(ports.values()))
        if node.body is None:
            self._note(node, whole)
            return dict.fromkeys(node.reads, whole)
        if node.spec is None:
            inside = self.enter(node.body, ports)
            return {name: fate for name, fate in inside.items() if name in node.reads}
        self.enter(node.body, dict.fromkeys(ports, whole))  # a loop reads what it gives
        return dict.fromkeys(node.reads, whole)

    def _note(self, node: Node, fate: Fate) -> None:
        if fate is None:
            self._serving.add(node.path)
            self._serving.update(tie.path for tie in node.ties.values())
        elif any(node.trains(weight) for weight in node.own_weights):
            fate.behind[node.path] = node


def _mark(fates: dict[Ref, Fate], ref: Ref, fate: Fate) -> None:
    if fate is None or ref not in fates:
        fates[ref] = fate
