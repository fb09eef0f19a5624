"""A network as plain text: the tree of its nodes, and what each one reads."""

from __future__ import annotations

from collections.abc import Iterator

from netlib.report.diagram.labels import below, is_opened
from netlib.report.layout import Cell, Column, joined, lay_out
from netlib.report.numbers import count
from netlib.report.summary import FILE_WIDTH, branch, tensor_text
from netlib.report.summary_rows import Row, collect
from netlib.spec.graph import Graph, Node, Ref

_COLUMNS = [Column("node"), Column("type"), Column("reads"), Column("output"), Column("parameters", True)]


def to_text(graph: Graph, name: str, depth: int | None = None) -> str:
    """Columns of nodes; a container stands before what is in it, whose `input` is what the container reads."""
    edges = dict(_edges(graph, depth))
    rows = [
        [Cell(i), Cell("input"), Cell(""), Cell(tensor_text(tensor)), Cell("")] for i, tensor in graph.inputs.items()
    ]
    for row in collect(graph, depth):
        kind, reads, gives = edges[row.path]
        rows.append([branch(row), Cell(kind), Cell(reads), Cell(gives), Cell(_parameters(row))])
    for o, ref in graph.outputs.items():
        read = f"{_source(graph, ref)} {tensor_text(graph.tensor(ref))}"
        rows.append([Cell(o), Cell("output"), Cell(read), Cell(tensor_text(graph.tensor(ref))), Cell("")])
    return "\n".join([name, "", *map(joined, lay_out(_COLUMNS, rows, FILE_WIDTH))]) + "\n"


def _edges(graph: Graph, depth: int | None) -> Iterator[tuple[str, tuple[str, str, str]]]:
    """Of each node by its path: its type, a line for each edge that leads to it, and one for each output."""
    for node in graph.nodes:
        reads = (f"{_source(graph, ref)} {tensor_text(graph.tensor(ref))}" for ref in node.reads.values())
        kind = f"{node.type}, shares {node.shares}" if node.shares else node.type
        yield node.path, (kind, "\n".join(reads), "\n".join(_outputs(node, depth)))
        if node.body:
            yield from _edges(node.body, below(depth))


def _outputs(node: Node, depth: int | None) -> Iterator[str]:
    """The tensors; of an opened container also which of its nodes they come from."""
    for port, tensor in node.outputs.items():
        named = f"{port}: " if len(node.outputs) > 1 else ""
        opened = node.body is not None and is_opened(node, depth)
        origin = f" from {_source(node.body, node.body.outputs[port])}" if node.body and opened else ""
        yield f"{named}{tensor_text(tensor)}{origin}"


def _source(graph: Graph, ref: Ref) -> str:
    """Where an edge begins, as a config's `from` says it."""
    if ref.node is None:
        return ref.port
    ports = next(node.outputs for node in graph.nodes if node.name == ref.node)
    return ref.node if len(ports) == 1 else f"{ref.node}.{ref.port}"


def _parameters(row: Row) -> str:
    return "" if row.opened else count(row.parameters.total)
