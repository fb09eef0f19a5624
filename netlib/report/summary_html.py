"""A network's summary for a notebook: the tree as a terminal shows it, with its lines below each other."""

from __future__ import annotations

from netlib.report.run_card import in_html
from netlib.report.summary import FILE_WIDTH, as_tree
from netlib.report.summary_rows import summarise_graph
from netlib.spec.graph import Graph


def summary_html(graph: Graph, name: str) -> str:
    """HTML of one element; whatever the names in it have is text."""
    return in_html(as_tree(summarise_graph(graph, name), FILE_WIDTH, color=False))
