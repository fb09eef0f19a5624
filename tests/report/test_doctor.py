from __future__ import annotations

import re
from io import BytesIO, TextIOWrapper

import pytest

from netlib.report.doctor import diagnosis_text
from netlib.spec.finding import Diagnosis, Finding

FOUND: Diagnosis = {
    "Versions": [Finding("python", "3.11.7"), Finding("keras", "2.1, but netlab needs >=3", "broken", "pip install")],
    "Variables": [],
    "Machine": [
        Finding(
            "memory", "1.0 GiB free", "note", "TensorFlow alone takes 0.6 GiB; 'data.memory=256MB' keeps samples away"
        )
    ],
}
GOLDEN = {
    60: """\
Versions
  ✓ python  3.11.7
  ✗ keras   2.1, but netlab needs >=3
            -> pip install

Machine
  ! memory  1.0 GiB free
            -> TensorFlow alone takes 0.6 GiB;
               'data.memory=256MB' keeps samples away

1 thing is broken, 1 thing worth knowing (!)
""",
    120: """\
Versions
  ✓ python  3.11.7
  ✗ keras   2.1, but netlab needs >=3
            -> pip install

Machine
  ! memory  1.0 GiB free
            -> TensorFlow alone takes 0.6 GiB; 'data.memory=256MB' keeps samples away

1 thing is broken, 1 thing worth knowing (!)
""",
}


@pytest.fixture
def text(monkeypatch):
    def of(found: Diagnosis, encoding: str = "utf-8", columns: int = 80, color: str = "") -> str:
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("FORCE_COLOR", color)
        monkeypatch.delenv("NO_COLOR", raising=False)
        return diagnosis_text(found, TextIOWrapper(BytesIO(), encoding))

    return of


@pytest.mark.parametrize("columns", GOLDEN)
def test_what_is_shown(text, columns):
    assert text(FOUND, columns=columns) == GOLDEN[columns]
    assert max(map(len, GOLDEN[columns].splitlines())) <= columns


def test_colour_adds_nothing_but_colour(text):
    colored = text(FOUND, color="1")
    assert "\x1b[31m✗\x1b[0m" in colored
    assert "\x1b[33m!\x1b[0m" in colored
    assert re.sub(r"\x1b\[\d+m", "", colored) == text(FOUND)


def test_a_terminal_without_marks_has_letters(text):
    assert "  x keras   2.1" in text(FOUND, "ascii")
    assert text(FOUND, "ascii").isascii()


def test_the_verdict(text):
    sound = Finding("a", "b")
    assert text({"A": [sound]}).endswith("\n\neverything works\n")
    notes = [Finding("a", "b", "note", "c")] * 2
    assert text({"A": [sound, *notes]}).endswith("everything works; 2 things worth knowing (!)\n")
    assert text({"A": [Finding("a", "b", "broken")] * 2}).endswith("2 things are broken\n")
