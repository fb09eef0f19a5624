"""A network's summary as people and programs read it: a tree on a terminal, plain columns in a pipe or a file, plain values."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TextIO

from netlib.report.layout import Cell, bold, dim, joined, lay_out
from netlib.report.summary_closing import closing_lines
from netlib.report.summary_columns import cells, default_columns, tensor_text, titles
from netlib.report.summary_rows import Row, Summary, summarise_graph
from netlib.report.summary_values import as_values
from netlib.report.terminal import can_draw, has_color, is_live
from netlib.report.terminal import width as columns_to_fill
from netlib.spec.errors import UsageError
from netlib.spec.freezing import Stage
from netlib.spec.graph import Graph

__all__ = ["as_text", "as_tree", "as_values", "branch", "for_stream", "print_summary", "summary_text", "tensor_text"]

FILE_WIDTH = 120
_GUIDES = "│├└─ "


def summary_text(graph: Graph, name: str = "model", stages: Sequence[tuple[Stage, int]] = ()) -> str:
    """The network as a run's `summary.txt` has it; `stages` as of `summarise_graph`."""
    return as_text(summarise_graph(graph, name, stages=stages), FILE_WIDTH)


def as_text(summary: Summary, width: int, columns: Sequence[str] = (), *, color: bool = False) -> str:
    """Plain lines; every node is named by its whole path. `columns` are those of `netlib.report.summary_columns`."""
    paths = [Cell(_folded(row, row.path)) for row in summary.rows]
    head, *lines = map(joined, _table(summary, paths, width, columns))
    closing = closing_lines(summary, width)
    return "\n".join([bold(summary.name, color), "", bold(head, color), *lines, "", *closing]) + "\n"


def as_tree(summary: Summary, width: int, color: bool, columns: Sequence[str] = ()) -> str:
    """Lines for a terminal: nodes by name, with the tree drawn in front of them."""
    head, *rest = map(joined, _table(summary, [branch(row) for row in summary.rows], width, columns))
    drawn = [_guides_dimmed(line, color) for line in rest]
    closing = closing_lines(summary, width)
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


def for_stream(summary: Summary, stream: TextIO, columns: Sequence[str] = ()) -> str:
    """What a stream shows best: the tree on a terminal, plain lines elsewhere."""
    if is_live(stream) and can_draw(stream):
        return as_tree(summary, columns_to_fill(), has_color(stream), columns)
    return as_text(summary, columns_to_fill(), columns, color=has_color(stream))


def branch(row: Row) -> Cell:
    """The node's name behind the lines that lead to it; the network's own nodes have none."""
    name = _folded(row, row.name)
    around = "".join("   " if last else "│  " for last in row.last[1:-1])
    if len(row.last) == 1:
        return Cell(name, lead_below="│  " if row.opened else "")
    own, below = ("└─ ", "   ") if row.last[-1] else ("├─ ", "│  ")
    return Cell(name, lead=f"{around}{own}", lead_below=f"{around}{below}")


def _folded(row: Row, name: str) -> str:
    return name if row.copies == 1 else f"{name}  x{row.copies}"


def _table(summary: Summary, names: list[Cell], width: int, columns: Sequence[str]) -> list[list[str]]:
    chosen = columns or default_columns(summary.totals)
    return lay_out(titles(chosen), cells(summary, chosen, names), width)


def _guides_dimmed(line: str, color: bool) -> str:
    rest = line.lstrip(_GUIDES)
    guides = line[: len(line) - len(rest)]
    return f"{dim(guides, color)}{rest}" if guides.strip() else line
