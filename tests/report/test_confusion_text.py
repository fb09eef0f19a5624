from __future__ import annotations

import numpy as np
import pytest

from netlib.report.confusion_text import confusion_text
from netlib.scoring.confusion import most_confused

MATRIX = np.array([[12, 0, 3], [0, 1400, 1], [2, 0, 7]])
NAMES = ["cat", "dog", "a horse"]


@pytest.fixture(autouse=True)
def width(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


def text(color=False):
    return confusion_text("animal", NAMES, MATRIX, most_confused(MATRIX, 20), color)


def test_a_matrix():
    assert text() == (
        "animal\n"
        "true \\ predicted  cat    dog  a horse\n"
        "cat                12      .        3\n"
        "dog                 .  1,400        1\n"
        "a horse             2      .        7\n"
    )


def test_its_numbers_add_up():
    cells = [line.split()[-3:] for line in text().splitlines()[2:]]
    assert sum(int(cell.replace(",", "").replace(".", "0")) for row in cells for cell in row) == MATRIX.sum()


LONG = [f"a rather long {name}" for name in NAMES]


def test_where_it_is_too_wide_the_pairs_are_listed(monkeypatch):
    monkeypatch.setenv("COLUMNS", "70")
    assert confusion_text("animal", LONG, MATRIX, most_confused(MATRIX, 20)) == (
        "animal: the classes that are confused most often\n"
        "true                   predicted              samples  of the class\n"
        "a rather long cat      a rather long a horse        3        20.0 %\n"
        "a rather long a horse  a rather long cat            2        22.2 %\n"
        "a rather long dog      a rather long a horse        1         0.1 %\n"
    )
    right = np.diag([3, 4, 5])
    assert confusion_text("x", LONG, right, most_confused(right, 3)) == "x: no class was taken for another\n"


def test_only_the_titles_are_coloured(monkeypatch):
    for columns in ("80", "60"):
        monkeypatch.setenv("COLUMNS", columns)
        title, head, *lines = text().splitlines()
        assert text(color=True).splitlines() == [title, f"\x1b[1m{head}\x1b[0m", *lines]


def test_weights_are_shown_as_numbers():
    assert confusion_text("y", ["a", "b"], [[0.25, 0.0], [1.0, 2.5]], []).splitlines()[2:] == [
        "a                 0.2500       .",
        "b                      1  2.5000",
    ]
