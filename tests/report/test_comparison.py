from __future__ import annotations

import pytest

from netlib.report.comparison import Line, Table, comparison_text

KEYS = Table("config", (Line("train.epochs", ("3", "30")), Line("data", ("{source: digits, batch_size: 64}", "-"))))
RESULTS = Table("results", (Line("loss", ("0.9000", "0.2000"), 1), Line("epochs", ("3", "30"))), numbers=True)
SAME = Table("environment", (), "nothing differs that decides bits")

WIDE = """\
config
                first                             second
  train.epochs  3                                 30
  data          {source: digits, batch_size: 64}  -

results
           first   second
  loss    0.9000  *0.2000
  epochs       3       30

environment: nothing differs that decides bits
"""
NARROW = """\
config
                first             second
  train.epochs  3                 30
  data          {source: digits,  -
                batch_size: 64}

results
           first   second
  loss    0.9000  *0.2000
  epochs       3       30

environment: nothing differs that decides bits
"""


@pytest.mark.parametrize(("width", "text"), [(120, WIDE), (45, NARROW)])
def test_two_sides(width, text):
    found = comparison_text(["first", "second"], [KEYS, RESULTS, SAME], width)
    assert found == text


def test_titles_stand_out_on_a_terminal():
    found = comparison_text(["first", "second"], [RESULTS, SAME], 80, color=True)
    assert found.startswith("\x1b[1mresults\x1b[0m\n")
    assert "\x1b[1menvironment: nothing differs that decides bits\x1b[0m\n" in found


def test_many_sides_stand_below_one_another():
    table = Table("results", (Line("loss", ("4", "3", "2", "1"), 3),), numbers=True)
    found = comparison_text(["a", "b", "c", "long"], [table], 80)
    assert found == "results\n  loss\n    a     4\n    b     3\n    c     2\n    long  *1\n"


def test_a_long_table_says_how_much_is_left():
    lines = tuple(Line(f"node_{number}", ("-", "Dense")) for number in range(50))
    found = comparison_text(["a", "b"], [Table("network", lines)], 80)
    assert "node_39 " in found
    assert "node_40" not in found
    assert found.endswith("  and 10 more; --json has all\n")
