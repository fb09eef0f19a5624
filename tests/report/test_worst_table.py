from __future__ import annotations

import pytest

from netlib.report.worst_table import Bad, worst_table


@pytest.fixture(autouse=True, params=["80", "120"])
def width(monkeypatch, request):
    monkeypatch.setenv("COLUMNS", request.param)


def test_classes_with_files():
    rows = [Bad(22, "png/2/a.png", "two", "eight", 0.75, 2.5), Bad(7, "png/7/b.png", "seven", "one", 0.5, 1.0)]
    assert worst_table("digit", rows, "CategoricalCrossentropy") == (
        "digit: the worst mistakes by CategoricalCrossentropy (rows count from 0)\n"
        "row  file         true   predicted  probability    loss\n"
        " 22  png/2/a.png  two    eight           0.7500  2.5000\n"
        "  7  png/7/b.png  seven  one             0.5000  1.0000\n"
    )


def test_what_no_sample_has_is_left_out():
    rows = [Bad(3, "", "", "2 of 9 places", None, 0.25)]
    _, head, line = worst_table("tag", rows, "error").splitlines()
    assert head.split() == ["row", "predicted", "loss"]
    assert line == "  3  2 of 9 places  0.2500"
    assert worst_table("tag", [], "error") == "tag: no mistakes\n"


def test_long_texts_are_cut_and_only_the_titles_are_coloured():
    rows = [Bad(0, "", "x" * 90, "y", None, 1.0)]
    title, head, line = worst_table("t", rows, "error", color=True).splitlines()
    assert line.split()[1] == "x" * 37 + "..."
    assert head.startswith("\x1b[1mrow")
    assert "\x1b" not in title + line
