"""Equal copies of a repeated node, one after the other, that a reader need not see one by one."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import NamedTuple

from netlib.spec.graph import Graph, Node

LEAST = 3
"""Copies that are worth a line for all of them."""


class Run(NamedTuple):
    """A node, or equal copies of one from the first to the last."""

    first: Node
    last: Node
    copies: int

    @property
    def name(self) -> str:
        """The node's name, or `body.0 ... body.5`."""
        return self.first.name if self.copies == 1 else f"{self.first.name} ... {self.last.name}"

    @property
    def path(self) -> str:
        """The same with the names of what is around."""
        return self.first.path if self.copies == 1 else f"{self.first.path} ... {self.last.path}"


def runs_of(graph: Graph) -> Iterator[Run]:
    """The nodes of a graph, those in it not, with equal copies put together; every node is in one run."""
    nodes, start = graph.nodes, 0
    while start < len(nodes):
        end = start + 1
        base = _base(nodes[start])
        if base is not None:
            form = _form(nodes[start])
            while end < len(nodes) and _base(nodes[end]) == base and _form(nodes[end]) == form:
                end += 1
        if end - start < LEAST:
            end = start + 1
        yield Run(nodes[start], nodes[end - 1], end - start)
        start = end


def _base(node: Node) -> str | None:
    """What a copy is a copy of."""
    base, dot, _ = node.name.rpartition(".")
    return base if dot else None


def _form(node: Node) -> Hashable:
    """Equal for nodes that consist of the same, wherever they stand and whatever they read."""
    inside = tuple((each.name, _form(each)) for each in node.body.nodes) if node.body else None
    weights = tuple((weight.name, weight.shape, weight.trainable, weight.dtype) for weight in node.weights)
    outputs = tuple((port, tensor.shape, tensor.dtype) for port, tensor in node.outputs.items())
    return node.type, outputs, weights, node.macs, node.trainable, node.shares is None, len(node.ties), inside
