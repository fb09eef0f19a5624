"""A network's summary as people and programs read it: a tree on a terminal, plain columns in a pipe or a file, plain values."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, TextIO

from netlib.report import numbers
from netlib.report.layout import Cell, Column, bold, dim, joined, lay_out
from netlib.report.summary_rows import Row, Summary, Totals, summarise_graph
from netlib.report.terminal import can_draw, has_color, is_live
from netlib.report.terminal import width as columns_to_fill
from netlib.spec.errors import UsageError
from netlib.spec.graph import Graph
from netlib.spec.tensors import TensorSpec, show

UNKNOWN = "?"
FILE_WIDTH = 120
_GUIDES = "│├└─ "


def summary_text(graph: Graph, name: str = "model") -> str:
    """The network as a run's `summary.txt` has it."""
    return as_text(summarise_graph(graph, name), FILE_WIDTH)


def as_text(summary: Summary, width: int) -> str:
    """Plain lines; every node is named by its whole path."""
    lines, closing = _table(summary, [Cell(row.path) for row in summary.rows], width)
    return "\n".join([summary.name, "", *map(joined, lines), "", *closing]) + "\n"


def as_tree(summary: Summary, width: int, color: bool) -> str:
    """Lines for a terminal: nodes by name, with the tree drawn in front of them."""
    lines, closing = _table(summary, [branch(row) for row in summary.rows], width)
    head, *rest = map(joined, lines)
    drawn = [_guides_dimmed(line, color) for line in rest]
    return "\n".join([bold(summary.name, color), "", bold(head, color), *drawn, "", *closing]) + "\n"


def print_summary(graph: Graph, name: str, depth: int | None = None) -> str:
    """Prints a network's summary, containers opened down to `depth` levels, and returns it.

    Raises:
        UsageError: `depth` is below 1.
    """
    if depth is not None and depth < 1:
        raise UsageError(f"depth must be at least 1 level of nodes, or None for all, got {depth}")
    text = for_stream(summarise_graph(graph, name, depth), sys.stdout)
    print(text, end="")
    return text


def for_stream(summary: Summary, stream: TextIO) -> str:
    """What a stream shows best: the tree on a terminal, plain lines elsewhere."""
    if is_live(stream) and can_draw(stream):
        return as_tree(summary, columns_to_fill(), has_color(stream))
    return as_text(summary, columns_to_fill())


def as_values(summary: Summary) -> dict[str, Any]:
    """Plain values for a program. The nodes' numbers add up to the totals: a container has none beside those of its nodes."""
    totals = summary.totals
    return {
        "name": summary.name,
        "inputs": _tensor_values(summary.inputs),
        "outputs": _tensor_values(summary.outputs),
        "parameters": _parameter_values(totals),
        "weight_bytes": totals.weight_bytes,
        "macs": totals.macs,
        "nodes": [
            {
                "path": row.path,
                "type": row.type,
                "outputs": _tensor_values(row.outputs),
                "parameters": _parameter_values(row),
                "macs": row.macs,
            }
            for row in summary.rows
        ],
    }


def _table(summary: Summary, names: list[Cell], width: int) -> tuple[list[list[str]], list[str]]:
    """The laid out lines, and the lines with the totals."""
    totals = summary.totals
    split = totals.parameters.non_trainable > 0
    columns = [Column("node"), Column("type"), Column("output"), Column("trainable" if split else "parameters", True)]
    columns += [Column("other", True)] if split else []
    columns += [Column("MACs", True)]
    inputs = [
        [Cell(name), Cell("input"), Cell(tensor_text(tensor)), *[Cell("")] * (len(columns) - 3)]
        for name, tensor in summary.inputs.items()
    ]
    nodes = [
        [name, Cell(row.type), Cell(_tensors(row.outputs)), *_numbers(row, split)]
        for name, row in zip(names, summary.rows, strict=True)
    ]
    return lay_out(columns, [*inputs, *nodes], width), _closing(totals)


def _numbers(row: Row, split: bool) -> list[Cell]:
    if row.opened:
        return [Cell("")] * (3 if split else 2)
    macs = UNKNOWN if row.macs is None else numbers.count(row.macs)
    counts = list(row.parameters) if split else [row.parameters.total]
    return [Cell(text) for text in [*map(numbers.count, counts), macs]]


def _closing(totals: Totals) -> list[str]:
    parameters = totals.parameters
    of_which = (
        f"trainable {numbers.count(parameters.trainable)}, non-trainable {numbers.count(parameters.non_trainable)}"
    )
    macs = "not known: an axis is not" if totals.macs is None else f"{numbers.count(totals.macs)} for one sample"
    return [
        f"Parameters: {numbers.count(parameters.total)} ({of_which}), {numbers.size(totals.weight_bytes)}",
        f"Multiply-accumulates (MACs): {macs}",
    ]


def branch(row: Row) -> Cell:
    """The node's name behind the lines that lead to it; the network's own nodes have none."""
    around = "".join("   " if last else "│  " for last in row.last[1:-1])
    if len(row.last) == 1:
        return Cell(row.name, lead_below="│  " if row.opened else "")
    own, below = ("└─ ", "   ") if row.last[-1] else ("├─ ", "│  ")
    return Cell(row.name, lead=f"{around}{own}", lead_below=f"{around}{below}")


def _guides_dimmed(line: str, color: bool) -> str:
    rest = line.lstrip(_GUIDES)
    guides = line[: len(line) - len(rest)]
    return f"{dim(guides, color)}{rest}" if guides.strip() else line


def _tensors(outputs: Mapping[str, TensorSpec]) -> str:
    if len(outputs) == 1:
        return tensor_text(next(iter(outputs.values())))
    return "\n".join(f"{port}: {tensor_text(tensor)}" for port, tensor in outputs.items())


def tensor_text(tensor: TensorSpec) -> str:
    """The shape; the dtype too where it is not the usual one."""
    return show(tensor.shape) if tensor.dtype == "float32" else str(tensor)


def _tensor_values(tensors: Mapping[str, TensorSpec]) -> dict[str, Any]:
    return {name: {"shape": list(tensor.shape), "dtype": tensor.dtype} for name, tensor in tensors.items()}


def _parameter_values(counted: Row | Totals) -> dict[str, int]:
    return {**counted.parameters._asdict(), "total": counted.parameters.total}
