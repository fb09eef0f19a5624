"""The edges between layers, whatever containers they lead through: what Graphviz and Mermaid are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from netlib.report.diagram.labels import below, is_opened
from netlib.spec.graph import Graph, Ref
from netlib.spec.tensors import TensorSpec


@dataclass(frozen=True)
class End:
    """One end of an edge: a node by its path, or an input or output of the network by its name."""

    kind: str
    path: str


@dataclass(frozen=True)
class Link:
    """An edge with the tensor that it carries."""

    source: End
    target: End
    tensor: TensorSpec


def links(graph: Graph, depth: int | None = None) -> list[Link]:
    """Every edge between drawn nodes, inputs and outputs; containers more than `depth` levels deep are nodes."""
    origins = {name: (End("input", name), tensor) for name, tensor in graph.inputs.items()}
    found: list[Link] = []
    for name, (source, tensor) in _follow(graph, origins, depth, found).items():
        found.append(Link(source, End("output", name), tensor))
    return found


_Origins = Mapping[str, tuple[End, TensorSpec]]


def _follow(graph: Graph, origins: _Origins, depth: int | None, found: list[Link]) -> dict[str, tuple[End, TensorSpec]]:
    """Adds the links inside `graph` to `found`; returns where its outputs come from."""
    known = {Ref(None, name): origin for name, origin in origins.items()}
    for node in graph.nodes:
        read = {name: known[ref] for name, ref in node.reads.items() if ref in known}  # states may begin with no edge
        if node.body and is_opened(node, depth):
            given = _follow(node.body, read, below(depth), found)
        else:
            end = End("node", node.path)
            found += (Link(source, end, tensor) for source, tensor in read.values())
            given = {port: (end, tensor) for port, tensor in node.outputs.items()}
        known.update({Ref(node.name, port): origin for port, origin in given.items()})
    return {name: known[ref] for name, ref in graph.outputs.items() if ref in known}
