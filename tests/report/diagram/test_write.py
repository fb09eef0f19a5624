"""Which kind of picture a file gets, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from netlib.report.diagram.write import write_diagram
from netlib.spec.errors import NetlabError, UsageError
from netlib.spec.graph import Graph


@pytest.fixture
def small(make_graph: Callable[..., Graph]) -> Graph:
    return make_graph([{"Dense": 1, "name": "head"}], x=(3,))


@pytest.mark.parametrize(
    ("suffix", "beginning"),
    [
        (".svg", "<svg "),
        (".SVG", "<svg "),
        (".dot", 'digraph "net" {'),
        (".mmd", '---\ntitle: "net"'),
        (".txt", "net\n\nnode"),
    ],
)
def test_the_suffix_says_what_is_drawn(small: Graph, tmp_path: Path, suffix: str, beginning: str) -> None:
    path = tmp_path / f"picture{suffix}"
    path.write_text("before")
    write_diagram(small, "net", path)
    text = path.read_text(encoding="utf-8")
    assert text.startswith(beginning)
    assert "head" in text


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("a.png", r"a\.png must end with '\.svg', '\.dot', '\.mmd' or '\.txt' to say what to draw, got '\.png'"),
        ("a", "to say what to draw, got ''"),
        ("a.svgz", r"got '\.svgz'; did you mean '\.svg'\?"),
    ],
)
def test_another_suffix_is_refused(small: Graph, tmp_path: Path, file: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        write_diagram(small, "net", tmp_path / file)
    assert not (tmp_path / file).exists()


def test_a_depth_below_one_is_refused(small: Graph, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="depth must be at least 1 level of nodes, or None for all, got 0"):
        write_diagram(small, "net", tmp_path / "a.svg", depth=0)


def test_a_file_that_cannot_be_written_is_an_error_of_ours(small: Graph, tmp_path: Path) -> None:
    with pytest.raises(NetlabError, match=r"cannot write .*missing.*: No such file or directory"):
        write_diagram(small, "net", tmp_path / "missing" / "a.svg")
