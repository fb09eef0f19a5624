"""A network as a Mermaid flowchart, which many Markdown viewers draw."""

from __future__ import annotations

import json
from collections.abc import Iterator

from netlib.report.diagram.labels import below, is_opened, node_lines
from netlib.report.diagram.links import End, links
from netlib.report.summary import tensor_text
from netlib.spec.graph import Graph

_SHAPES = {"input": ("([", "])"), "node": ("[", "]"), "output": ("([", "])")}
_ENTITIES = {"#": "#35;", "&": "#amp;", '"': "#quot;", "<": "#lt;", ">": "#gt;"}


def to_mermaid(graph: Graph, name: str, depth: int | None = None) -> str:
    """The text of a `.mmd` file; containers are subgraphs, and edges lead from layer to layer."""
    ends = [End("input", i) for i in graph.inputs] + [End("node", node.path) for node in graph.walk()]
    ends += [End("output", o) for o in graph.outputs]
    ids = {end: f"n{index}" for index, end in enumerate(ends)}
    lines = ["---", f"title: {json.dumps(name)}", "---", "flowchart TD"]
    for i, tensor in graph.inputs.items():
        lines.append(_box(ids, End("input", i), [i, "input", tensor_text(tensor)], "  "))
    lines += _nodes(graph, ids, depth, "  ")
    for o, tensor in graph.output_tensors().items():
        lines.append(_box(ids, End("output", o), [o, "output", tensor_text(tensor)], "  "))
    for link in links(graph, depth):
        lines.append(f'  {ids[link.source]} -->|"{_text(tensor_text(link.tensor))}"| {ids[link.target]}')
    return "\n".join(lines) + "\n"


def _nodes(graph: Graph, ids: dict[End, str], depth: int | None, indent: str) -> Iterator[str]:
    for node in graph.nodes:
        end = End("node", node.path)
        if node.body and is_opened(node, depth):
            yield f'{indent}subgraph {ids[end]}["{_text(", ".join(node_lines(node)[:2]))}"]'
            yield from _nodes(node.body, ids, below(depth), f"{indent}  ")
            yield f"{indent}end"
        else:
            yield _box(ids, end, node_lines(node), indent)


def _box(ids: dict[End, str], end: End, lines: list[str], indent: str) -> str:
    opening, closing = _SHAPES[end.kind]
    return f'{indent}{ids[end]}{opening}"{"<br/>".join(map(_text, lines))}"{closing}'


def _text(text: str) -> str:
    """In a text in quotation marks Mermaid has entities of its own."""
    return "".join(_ENTITIES.get(character, character) for character in text)
