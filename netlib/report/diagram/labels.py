"""What is written in the boxes and beside the edges of every kind of picture, and which boxes are opened."""

from __future__ import annotations

from netlib.report import numbers
from netlib.report.summary import tensor_text
from netlib.spec.graph import Graph, Node


def is_opened(node: Node, depth: int | None) -> bool:
    """Whether the nodes in a container are drawn: it has some, and `depth` levels (None: all) reach into it."""
    return node.body is not None and bool(node.body.nodes) and (depth is None or depth > 1)


def below(depth: int | None) -> int | None:
    """The depth that is left inside a container."""
    return None if depth is None else depth - 1


def node_lines(node: Node) -> list[str]:
    """Name, type with the number of parameters or the node whose layer it shares, and a line for each output."""
    kind = ", ".join(filter(None, (node.type, f"shares {node.shares}" if node.shares else _parameters(node))))
    if len(node.outputs) == 1:
        return [node.name, kind, tensor_text(node.output)]
    return [node.name, kind, *(f"{port}: {tensor_text(tensor)}" for port, tensor in node.outputs.items())]


def _parameters(node: Node) -> str:
    number = Graph({}, (node,)).parameters().total
    return f"{numbers.count(number)} {'parameter' if number == 1 else 'parameters'}" if number else ""
