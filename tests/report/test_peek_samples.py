from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlib.report.peek_samples import MOST_LINES, sample_lines, value_text

IMAGE = {"shape": [8, 8, 1], "low": 0.0, "high": 1.0}


@pytest.mark.parametrize(
    ("value", "width", "expected"),
    [
        (None, 12, "missing"),
        (3, 12, "3"),
        (0.123456, 12, "0.1235"),
        ("a text\nin two lines", 12, "a text in..."),
        ([1, 2, 3], 12, "1 2 3"),
        ([10, 20, 30, 40, 50, 60, 70], 14, "10 20 ... (7)"),
        (IMAGE, 12, "(8, 8, 1)"),
        (IMAGE, 30, "(8, 8, 1) 0 to 1"),
        ({**IMAGE, "high": 0.0}, 30, "(8, 8, 1)"),
        ({**IMAGE, "low": None, "high": None}, 30, "(8, 8, 1)"),
        ([None, 1], 12, "missing 1"),
    ],
)
def test_a_value(value, width, expected):
    assert value_text(value, width) == expected


def test_samples_stand_side_by_side():
    samples = [{"age": 21, "city": "Rome"}, {"age": 5, "city": None}]
    assert sample_lines([0, 1234], samples, 80) == [
        "      row 0  row 1,234",
        "age      21          5",
        "city   Rome    missing",
    ]


def test_what_does_not_fit_beside_comes_below():
    found = sample_lines([*range(5)], [{"a name that is long": i} for i in range(5)], 48)
    assert [line.split()[-1] for line in found] == ["1", "1", "3", "3", "4", "4"]
    assert found[1].startswith("a name that i...")


def test_so_many_lines_and_none_without_samples():
    assert sample_lines([0], [{f"x[{i}]": 1 for i in range(MOST_LINES + 3)}], 80)[-1] == "and 3 more: --json has them"
    assert sample_lines([], [], 80) == []


@given(
    width=st.integers(40, 150),
    count=st.integers(1, 9),
    texts=st.lists(st.text(alphabet="abc ", max_size=60), min_size=1, max_size=4),
)
def test_lines_fit(width, count, texts):
    samples = [{f"{text}{i}": [text, 3, "x" * 20] if i % 2 else text for i, text in enumerate(texts)}] * count
    assert max(map(len, sample_lines([*range(count)], samples, width))) <= width
