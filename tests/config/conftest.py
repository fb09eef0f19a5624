from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from netlib.config.reader import read_tree
from netlib.config.sources import checked_source
from netlib.config.tree import Source, Value


@pytest.fixture
def source() -> Callable[[str], Source]:
    """A text as the file `a.yaml`."""
    return lambda text: checked_source("a.yaml", "file", text, Path())


@pytest.fixture
def tree(source: Callable[[str], Source]) -> Callable[[str], Value]:
    """The tree of a text that has no mistake."""

    def read(text: str) -> Value:
        found, problems = read_tree(source(text))
        assert problems == []
        assert found is not None
        return found

    return read


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Writes files into an empty folder, which is the current one."""
    monkeypatch.chdir(tmp_path)

    def write_file(name: str, text: str) -> None:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    return write_file
