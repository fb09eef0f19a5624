from __future__ import annotations

import re

from netlib.report.changes import change_line


def test_a_line_without_and_with_colour():
    assert change_line("train.epochs", "30", "60") == "train.epochs: 30 -> 60"
    colored = change_line("train.epochs", "30", "60", color=True)
    assert colored != "train.epochs: 30 -> 60"
    assert re.sub(r"\x1b\[\d+m", "", colored) == "train.epochs: 30 -> 60"
