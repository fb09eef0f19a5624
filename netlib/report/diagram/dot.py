"""A network in the language of Graphviz: `dot -Tpdf network.dot`."""

from __future__ import annotations

from collections.abc import Iterator

from netlib.report.diagram.labels import below, is_opened, node_lines
from netlib.report.diagram.links import End, links
from netlib.report.summary import tensor_text
from netlib.spec.graph import Graph

_HEAD = """  rankdir=TB; labelloc=t; fontname="Helvetica";
  node [shape=box, style="rounded,filled", fillcolor="#e8f1fb", color="#5b8db8", fontname="Helvetica", fontsize=11];
  edge [color="#616e7c", fontname="Helvetica", fontsize=9];"""
_COLOURS = {"input": ', fillcolor="#e6f6ec"', "node": "", "output": ', fillcolor="#fdf0e1"'}


def to_dot(graph: Graph, name: str, depth: int | None = None) -> str:
    """The text of a `.dot` file; containers are clusters, and edges lead from layer to layer."""
    outputs = graph.output_tensors()
    lines = [f"digraph {_quoted(name)} {{", _HEAD, f"  label={_quoted(name)};"]
    lines += (_box(End("input", i), [i, "input", tensor_text(tensor)], "  ") for i, tensor in graph.inputs.items())
    lines += _nodes(graph, depth, "  ")
    lines += (_box(End("output", o), [o, "output", tensor_text(tensor)], "  ") for o, tensor in outputs.items())
    for link in links(graph, depth):
        lines.append(f"  {_id(link.source)} -> {_id(link.target)} [label={_quoted(tensor_text(link.tensor))}];")
    return "\n".join([*lines, "}"]) + "\n"


def _nodes(graph: Graph, depth: int | None, indent: str) -> Iterator[str]:
    for node in graph.nodes:
        if node.body and is_opened(node, depth):
            yield f"{indent}subgraph {_quoted(f'cluster {node.path}')} {{"
            yield f'{indent}  label={_quoted(", ".join(node_lines(node)[:2]))}; color="#9aa5b1"; fontsize=11;'
            yield from _nodes(node.body, below(depth), f"{indent}  ")
            yield f"{indent}}}"
        else:
            yield _box(End("node", node.path), node_lines(node), indent)


def _box(end: End, lines: list[str], indent: str) -> str:
    return f"{indent}{_id(end)} [label={_quoted(chr(10).join(lines))}{_COLOURS[end.kind]}];"


def _id(end: End) -> str:
    return _quoted(end.path if end.kind == "node" else f"{end.kind} {end.path}")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
