"""A graph without the nodes that its outputs do not need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from netlib.spec.graph import Graph, Node


def needed(graph: Graph) -> Graph:
    """The graph with only the nodes that lead to an output, or have weights of those; and what these nodes add to the loss or
    log."""
    kept = {ref.node for ref in graph.outputs.values() if ref.node is not None}
    owners = {node.path: node.name for node in graph.nodes if node.shares is None}
    for node in reversed(graph.nodes):
        if node.name in kept:
            kept |= _names_read(node)
            kept |= {owners[path] for path in _paths(node) if path in owners}
    kept |= {node.name for node in graph.nodes if not node.outputs and _names_read(node) <= kept}
    return replace(graph, nodes=tuple(node for node in graph.nodes if node.name in kept))


def _names_read(node: Node) -> set[str]:
    return {ref.node for ref in node.reads.values() if ref.node is not None}


def _paths(node: Node) -> Iterator[str]:
    """The paths of all that a node, or one inside of it, shares or is tied to, and of what is around that."""
    for part in (node, *(node.body.walk() if node.body else ())):
        paths = [tie.path for tie in part.ties.values()] + ([part.path] if part.shares else [])
        for path in paths:
            places = [index for index, sign in enumerate(path) if sign == "."]
            yield from (path[:end] for end in (*places, len(path)))
