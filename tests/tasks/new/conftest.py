from __future__ import annotations

import csv
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from netlib.tasks.new.from_data import new_from

Rows = list[dict[str, Any]]


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def rows() -> Rows:
    """Two hundred rows: `a` and the category `kind` decide `y`."""
    draw = random.Random(1)
    found = []
    for _ in range(200):
        a, kind = draw.random(), draw.choice("xyz")
        found.append({"a": round(a, 3), "kind": kind, "y": round(3 * a + "xyz".index(kind) + draw.random() / 10, 3)})
    return found


def written(path: Path, rows: Rows, separator: str) -> Path:
    """The rows as a CSV file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=separator, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def made(rows: Rows, tmp_path: Path) -> Callable[..., str]:
    """The text of the config that is written for the rows with more columns, each a function of the row's number."""

    def make(*targets: str, separator: str = ",", **columns: Callable[[int], Any]) -> str:
        wide = [{**row, **{name: of(i) for name, of in columns.items()}} for i, row in enumerate(rows)]
        return new_from(written(tmp_path / "made.csv", wide, separator), targets or ("y",)).path.read_text()

    return make
