"""In what networks differ: nodes that one has and another has not, and nodes of one path that are not the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from netlib.report.summary_rows import collect, total
from netlib.report.summary_values import tensor_values
from netlib.spec.costs import Cost
from netlib.spec.graph import Graph
from netlib.tasks.varying import ABSENT, varying

Kind = Literal["added", "removed", "changed"]


@dataclass(frozen=True)
class Facts:
    """What is compared of a node: its parameters in the config's words among it."""

    type: str
    outputs: Mapping[str, Any]
    parameters: int
    trainable: int
    macs: int | None
    reads: tuple[str, ...]
    options: Mapping[str, Any]


@dataclass(frozen=True)
class NodeDifference:
    """A node that is not the same in all networks: its facts in each, None where there is none of its path.

    `options` are the parameters that differ among the networks in which it is of the same type, with their values in each.
    """

    path: str
    sides: tuple[Facts | None, ...]
    options: Mapping[str, tuple[Any, ...]]

    @property
    def kind(self) -> Kind:
        """Seen from the first network."""
        if self.sides[0] is None:
            return "added"
        return "removed" if None in self.sides else "changed"


@dataclass(frozen=True)
class NetworkDifference:
    """The costs of each network, and every node that differs, those of the first network first; None for one without a model."""

    totals: tuple[Cost | None, ...]
    nodes: tuple[NodeDifference, ...]


def compare_networks(graphs: Sequence[Graph | None]) -> NetworkDifference | None:
    """What differs from the first one; None where less than two have a network."""
    if sum(graph is not None for graph in graphs) < 2:
        return None
    sides = [{} if graph is None else _nodes(graph) for graph in graphs]
    there = [side for side, graph in zip(sides, graphs, strict=True) if graph is not None]
    paths = dict.fromkeys(path for side in sides for path in side)
    nodes = [
        NodeDifference(path, found, _options(found))
        for path in paths
        if any(side.get(path) != there[0].get(path) for side in there)
        for found in [tuple(side.get(path) for side in sides)]
    ]
    totals = tuple(None if graph is None else total(tuple(collect(graph))) for graph in graphs)
    return NetworkDifference(totals, tuple(nodes))


def _nodes(graph: Graph) -> dict[str, Facts]:
    """The layers by their paths; containers are nothing but what is in them."""
    found = {}
    for row in collect(graph):
        if row.node.spec is not None and row.node.shares is None:
            counts = row.parameters
            options = row.node.spec.to_plain()
            found[row.path] = Facts(
                row.type, tensor_values(row.outputs), counts.total, counts.trainable, row.macs, row.reads, options
            )
    return found


def _options(sides: Sequence[Facts | None]) -> dict[str, tuple[Any, ...]]:
    there = [(number, side) for number, side in enumerate(sides) if side is not None]
    if len({side.type for _, side in there}) > 1:
        return {}
    found = {}
    for loc, values in varying([dict(side.options) for _, side in there]):
        row = dict(zip((number for number, _ in there), values, strict=True))
        found[".".join(map(str, loc))] = tuple(row.get(number, ABSENT) for number in range(len(sides)))
    return found
