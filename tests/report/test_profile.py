from __future__ import annotations

import re
from pathlib import Path

import pytest

from netlib.report.profile import profile_tables

PARTS = {
    "starting": {"seconds": 4.0, "times": 1, "longest": 4.0},
    "steps": {"seconds": 5.0, "times": 20, "longest": 0.5},
    "the rest": {"seconds": 1.0, "times": 0, "longest": 0.0},
}
OPERATIONS = [
    {"name": "conv_2d/Conv2D (Conv2D)", "seconds": 0.75, "times": 10},
    {"name": "head/MatMul (MatMul)", "seconds": 0.25, "times": 10},
]
PROFILE = {"seconds": 10.0, "parts": PARTS, "traced_steps": 10, "operations": OPERATIONS}


@pytest.fixture(autouse=True)
def width(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


def test_the_longest_parts_come_first():
    assert profile_tables(PROFILE, Path("runs/x-1/profile")) == (
        "time      in all   share  times  longest\n"
        "steps      5.0 s   50.0%     20    0.5 s\n"
        "starting   4.0 s   40.0%      1\n"
        "the rest   1.0 s   10.0%      0\n"
        "in all      10 s  100.0%\n"
        "\n"
        "operation                in all  share  times\n"
        "conv_2d/Conv2D (Conv2D)   0.8 s  75.0%     10\n"
        "head/MatMul (MatMul)      0.2 s  25.0%     10\n"
        "\n"
        "the longest operations of 10 steps, without those inside them, on all threads\n"
        "together; share: of these\n"
        "to look at the trace: pip install xprof, then: xprof --logdir runs/x-1/profile\n"
    )


def test_the_shares_add_up():
    lines = profile_tables(PROFILE, Path("x")).split("\n\n")[0].splitlines()[1:]
    *shares, whole = (float(re.search(r"([\d.]+)%", line)[1]) for line in lines)
    assert sum(shares) == pytest.approx(whole) == 100


def test_where_no_steps_were_traced():
    text = profile_tables({**PROFILE, "operations": [], "traced_steps": 0}, Path("x"))
    assert text.splitlines()[-1] == "no steps were traced: the training ended before its steps were warm"


def test_very_short_times():
    brief = {**PROFILE, "operations": [{"name": "add", "seconds": 2.4e-6, "times": 1}], "traced_steps": 1}
    lines = profile_tables(brief, Path("x")).splitlines()
    assert lines[7].split() == ["add", "0.002", "ms", "100.0%", "1"]
    assert lines[9].startswith("the longest operations of 1 step, ")


def test_titles_stand_out():
    coloured = profile_tables(PROFILE, Path("x"), color=True)
    assert [line for line in coloured.splitlines() if line.startswith("\x1b[1m")] == [
        "\x1b[1mtime      in all   share  times  longest\x1b[0m",
        "\x1b[1moperation                in all  share  times\x1b[0m",
    ]
