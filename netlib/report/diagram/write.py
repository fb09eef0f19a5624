"""A picture of a network as a file, whose suffix says of which kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from netlib.report.diagram.dot import to_dot
from netlib.report.diagram.mermaid import to_mermaid
from netlib.report.diagram.svg import to_svg
from netlib.report.diagram.text import to_text
from netlib.spec.errors import NetlabError, UsageError, did_you_mean, one_of
from netlib.spec.graph import Graph

FORMATS: dict[str, Callable[[Graph, str, int | None], str]] = {
    ".svg": to_svg,
    ".dot": to_dot,
    ".mmd": to_mermaid,
    ".txt": to_text,
}
"""By suffix: a picture for a browser, for Graphviz, for Mermaid, and a table of nodes and edges."""


def write_diagram(graph: Graph, name: str, path: Path, depth: int | None = None) -> None:
    """Draws a network into a file.

    Args:
        graph: the network.
        name: its title.
        path: the file, with one of the suffixes of `FORMATS`; one that is there is replaced.
        depth: levels of containers that are opened; all if None.

    Raises:
        UsageError: the suffix is another one, or `depth` is below 1.
        NetlabError: the file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        hint = did_you_mean(suffix, FORMATS)
        raise UsageError(f"{path} must end with {one_of(FORMATS)} to say what to draw, got '{path.suffix}'{hint}")
    if depth is not None and depth < 1:
        raise UsageError(f"depth must be at least 1 level of nodes, or None for all, got {depth}")
    text = FORMATS[suffix](graph, name, depth)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise NetlabError(f"cannot write {path}: {error.strerror or error}") from error
