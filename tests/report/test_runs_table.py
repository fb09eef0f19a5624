from __future__ import annotations

import re

import pytest

from netlib.report.runs_table import RunRow, ago, chosen_text, removal_text, runs_text
from netlib.report.side_by_side import short_names

RATE, UNITS = "train.optimizer.learning_rate", "model.hidden.units"


def row(name, state, best, *, differs=None, watched="validation.loss", **rest):
    values = {"is_best": False, "epochs": 6, "planned": 6, "seconds": 4.3, "age": 90.0, **rest}
    return RunRow(name, state, watched, best, differs=differs or {}, **values)


@pytest.fixture
def rows():
    return [
        row("mlp-1", "finished", 0.4257, differs={RATE: "0.002", UNITS: "64"}),
        row("mlp-2", "running", 0.1779, is_best=True, epochs=4, seconds=3725.0, differs={RATE: "0.01", UNITS: "128"}),
        row("mlp-10", "empty", None, epochs=0, planned=None, seconds=0.0, age=None, differs={RATE: "0.1", UNITS: "64"}),
    ]


WIDE = """\
run     state     validation.loss  epochs        time      begun  learning_rate  units
mlp-1   finished           0.4257     6/6       4.3 s  1 min ago  0.002          64
mlp-2   running           *0.1779     4/6  1 h 02 min  1 min ago  0.01           128
mlp-10  empty                           0                         0.1            64
"""
NARROW = """\
run     state     validation.loss  epochs        time      begun
mlp-1   finished           0.4257     6/6       4.3 s  1 min ago
    learning_rate=0.002, units=64
mlp-2   running           *0.1779     4/6  1 h 02 min  1 min ago
    learning_rate=0.01, units=128
mlp-10  empty                           0
    learning_rate=0.1, units=64
"""
MIXED = """\
run     state                        best  epochs        time      begun  differs
mlp-1   finished   validation.loss 0.4257     6/6       4.3 s  1 min ago  learning_rate=0.002, units=64
mlp-2   running   validation.loss *0.1779     4/6  1 h 02 min  1 min ago  learning_rate=0.01, units=128
mlp-10  empty                                   0                         learning_rate=0.1, units=64
cnn-1   failed      train.accuracy 0.9000     6/6       4.3 s  1 min ago
"""


@pytest.mark.parametrize(("width", "text"), [(120, WIDE), (80, NARROW)])
def test_the_table_at_two_widths_with_and_without_colour(rows, width, text):
    assert runs_text(rows, width) == text
    head, rest = text.split("\n", 1)
    assert runs_text(rows, width, color=True) == f"\x1b[1m{head}\x1b[0m\n{rest}"


def test_runs_of_several_configs_have_what_differs_behind_them(rows):
    assert runs_text([*rows, row("cnn-1", "failed", 0.9, watched="train.accuracy")], 120) == MIXED


def test_no_line_is_wider_than_it_may_be_however_much_differs(rows):
    many = {f"train.key_{number}": f"value {number}" for number in range(20)}
    for width in (80, 100, 120):
        lines = runs_text([row("a", "finished", 0.5, differs=many), row("b", "finished", 0.5, differs=many)], width)
        assert max(map(len, lines.splitlines())) <= width
        assert len(re.findall(r"key_\d+=value \d+", lines)) == 40


def test_a_long_value_is_cut():
    assert " aaaaaaaaaaaaaaaaaaaaa...\n" in runs_text([row("a", "empty", None, differs={"x.key": "a" * 50})], 80)


def test_keys_are_as_short_as_can_be():
    assert short_names(["a.rate", "b.rate", "b.units"]) == {"a.rate": "a.rate", "b.rate": "b.rate", "b.units": "units"}
    assert short_names(["rate", "b.rate"]) == {"rate": "rate", "b.rate": "b.rate"}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 s ago"), (59.9, "59 s ago"), (60, "1 min ago"), (3599, "59 min ago"), (3600, "1 h ago"),
        (86_399, "23 h ago"), (86_400, "1 d ago"), (59.9 * 86_400, "59 d ago"), (70 * 86_400, "10 weeks ago"),
    ],
)  # fmt: skip
def test_how_long_ago(seconds, text):
    assert ago(seconds) == text


def test_chosen_columns():
    text = chosen_text(["name", "test.loss", "optimizer"], [["a", 0.123456, "SGD"], ["b", None, "Adam"]])
    assert text == "name  test.loss  optimizer\na        0.1235  SGD\nb                Adam\n"


def test_what_would_be_removed_and_its_sum(rows):
    text = removal_text([(rows[0], 2048), (rows[1], 1024)], 80)
    sizes = [float(size) for size in re.findall(r"([\d.]+) KiB$", text, re.MULTILINE)]
    assert sizes[:2] == [2.0, 1.0]
    assert sizes[2] == sum(sizes[:2])
    assert text.endswith("\n\n2 runs, 3.0 KiB\n")
    assert removal_text([(rows[0], 10)], 80).endswith("1 run, 10 B\n")
