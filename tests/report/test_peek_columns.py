from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlib.report.peek_columns import MOST_CLASSES, MOST_LINES, bars, class_lines, column_lines, ready_lines
from netlib.spec.looks import ClassLook, ColumnLook, DataLook, ReadyLook

AGE = ColumnLook("age", "input", "", "float32", (), 0, 18.0, 77.5, 46.871, 17.28, bars=(1, 2))
TEXT = ColumnLook("review", "input", "", "text", (), 2, distinct=8, lengths=(4, 1200), frequent=(("good", 1),))


def lines(*columns: ColumnLook, width: int = 120) -> list[str]:
    return column_lines(DataLook("a", "csv", "", (), {"train": 10}, columns, {}, (), (), (), ()), width)


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (AGE, "18 to 77.5"),
        (replace(AGE, high=18.0), "18"),
        (replace(AGE, low=None, high=None, bars=(), missing=10), "none"),
        (replace(AGE, type="time", low="2024-01-01", high="2024-02-03"), "2024-01-01 to 2024-02-03"),
        (TEXT, "8 texts, all different, of 4 to 1,200 characters"),
        (replace(TEXT, distinct=2, frequent=(("a b\nc", 4), ("", 4))), "2 different: a b c 50%, '' 50%"),
        (replace(TEXT, distinct=2, frequent=(("x" * 40, 8),)), "2 different: xxxxxxxxxxxxx... 100%"),
        (replace(TEXT, distinct=None, frequent=(), lengths=None, missing=10), "none"),
        (
            replace(AGE, type="int32", distinct=2, frequent=(("1", 6), ("0", 4)), bars=(4, 6)),
            "2 different: 1 60%, 0 40%",
        ),
        (replace(AGE, type="int32", distinct=60, frequent=(("20", 3),), bars=(1,) * 10), "18 to 77.5"),
    ],
)
def test_what_is_said_of_values(column, expected):
    assert expected in lines(column)[1]


def test_images_have_their_shape_and_inputs_that_columns_are_joined_to_are_named():
    image = replace(AGE, name="image", type="uint8", shape=(8, 8, 1))
    found = lines(image, replace(AGE, member="numbers"))
    assert "uint8 (8, 8, 1)" in found[1]
    assert "input numbers" in found[2]
    assert "input numbers" not in lines(replace(AGE, member="features"))[1]


def test_columns_of_the_table_that_say_nothing_are_left_out():
    assert lines(AGE)[0].split() == ["column", "role", "type", "values", "spread", "mean", "deviation"]
    assert lines(replace(AGE, missing=3), width=40)[0].split() == ["column", "role", "values", "missing"]


def test_so_many_columns_and_classes():
    assert lines(*[AGE] * (MOST_LINES + 5))[-1] == "and 5 more: --json has them"
    classes = [ClassLook(i, "", {"train": 1}) for i in range(MOST_CLASSES + 2)]
    assert class_lines(classes, 80)[-1] == "and 2 more: --json has them"


def test_a_class_with_a_name_of_its_own():
    found = class_lines([ClassLook(0, "0", {"train": 1, "test": 0}), ClassLook(1, "one", {"train": 3, "test": 0})], 80)
    assert [line.split("  ")[0] for line in found] == ["class", "0", "1 one"]
    assert found[2].split() == ["1", "one", "3", "(75.0%)", "0"]


def test_steps_and_what_they_make():
    found = ready_lines([ReadyLook("x", "input", "", ("Log", "Standardize"), (None, 3), "float32", -1.0, 1.5)], 80)
    cells = [cell.strip() for cell in found[1].split("  ") if cell.strip()]
    assert cells == ["x", "input", "Log, Standardize", "(batch, ?, 3)", "float32", "-1 to 1.5"]


@given(st.lists(st.integers(0, 1000), max_size=12))
def test_bars_rise_with_the_counts_and_are_empty_only_for_none(counts):
    drawn = bars(counts).ljust(len(counts))
    assert len(drawn) == len(counts)
    heights = [" ▁▂▃▄▅▆▇█".index(bar) for bar in drawn]
    assert [height == 0 for height in heights] == [count == 0 for count in counts]
    assert sorted(range(len(counts)), key=lambda i: (counts[i], i)) == sorted(
        range(len(counts)), key=lambda i: (heights[i], counts[i], i)
    )
    assert max(heights, default=0) == (8 if any(counts) else 0)
