from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from netlib.report.layout import Cell, Column, bold, broken, dim, joined, lay_out, table, wrapped

words = st.text(alphabet="abcXYZ_. 12,", max_size=40)


def test_text_is_broken_behind_separators_and_between_words():
    assert broken("GlobalAveragePooling2D", 13) == ["GlobalAverage", "Pooling2D"]
    assert broken("body.inner.conv_2d", 11) == ["body.inner.", "conv_2d"]
    assert broken("(batch, 8, 8, 32)", 13) == ["(batch, 8, 8,", "32)"]
    assert broken("indivisible", 4) == ["indivisible"]
    assert broken("", 4) == [""]


@given(words, st.integers(1, 50))
def test_breaking_loses_nothing_but_spaces(text, width):
    lines = broken(text, width)
    assert re.sub(r"\s", "", "".join(lines)) == re.sub(r"\s", "", text)
    assert all(len(line) <= width or len(broken(line, 1)) == 1 for line in lines)


@given(st.lists(st.tuples(words, words, st.integers(0, 10**9)), min_size=1, max_size=6), st.integers(20, 130))
def test_columns_stay_columns_at_every_width(rows, width):
    columns = [Column("name"), Column("what"), Column("count", number=True)]
    lines = lay_out(columns, [[Cell(a), Cell(b), Cell(f"{n:,}")] for a, b, n in rows], width)
    assert len({tuple(map(len, line)) for line in lines}) == 1
    for index, column in enumerate(columns[:2]):
        below = "".join(line[index] for line in lines)
        assert re.sub(r"\s", "", below) == re.sub(r"\s", "", column.title + "".join(row[index] for row in rows))
    assert [line[2].strip() for line in lines if line[2].strip()] == ["count", *(f"{n:,}" for _, _, n in rows)]


def test_of_the_ways_to_fit_the_one_with_the_fewest_lines_is_taken():
    rows = [[Cell("a.b"), Cell("one two three four")], [Cell("a.b"), Cell("one two three five")]]
    columns = [Column("x"), Column("y")]
    assert len(lay_out(columns, rows, 23)) == 3
    assert len(lay_out(columns, rows, 22)) == 5  # `a.` above `b`; breaking the other column would have the same lines
    assert [joined(line) for line in lay_out(columns, [[Cell("a.b"), Cell("one two three")]], 14)][1:] == [
        "a.b  one two",
        "     three",
    ]


def test_what_cannot_fit_is_as_narrow_as_it_can_be():
    lines = lay_out([Column("name")], [[Cell("unbreakable.piece")]], 3)
    assert [joined(line) for line in lines] == ["name", "unbreakable.", "piece"]


def test_the_lead_of_a_cell_stands_before_all_its_lines():
    assert Cell("a_b", "├─ ", "│  ").lines(5) == ["├─ a_", "│  b"]
    assert Cell("a\nb", "- ").lines() == ["- a", "b"]


def test_styles_only_with_colour():
    assert (bold("x", True), dim("x", True)) == ("\x1b[1mx\x1b[0m", "\x1b[2mx\x1b[0m")
    assert (bold("x", False), dim("x", False)) == ("x", "x")


def test_titles_of_numbers_are_broken_and_numbers_never():
    columns = [Column(""), Column("a.long_name", number=True), Column("loss", number=True)]
    rows = [[Cell("test"), Cell("0.1234"), Cell("1,234.5")]]
    assert table(columns, rows, 80) == ["      a.long_name     loss", "test       0.1234  1,234.5"]
    assert table(columns, rows, 22) == ["      a.long_", "         name     loss", "test   0.1234  1,234.5"]
    assert table(columns, rows, 21)[-1] == table(columns, rows, 3)[-1] == "test  0.1234  1,234.5"


def test_every_line_of_the_titles_stands_out():
    lines = table([Column("a.long_name", number=True), Column("b")], [[Cell("1"), Cell("2")]], 8, color=True)
    assert [line.startswith("\x1b[1m") for line in lines] == [True] * (len(lines) - 1) + [False]


def test_words_of_prose_are_whole():
    assert wrapped("a well-known extraordinary word", 12, "  ") == ["a well-known", "  extraordinary", "  word"]
