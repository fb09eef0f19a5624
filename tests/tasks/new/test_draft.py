"""The text of a config: words that YAML reads back, lists that are folded, comments that stand where they fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlib.config.reader import read_tree
from netlib.config.tree import Source
from netlib.tasks.new.draft import Draft, Line, listed, named, shown, word, written

PLAIN = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)


@given(st.lists(PLAIN, min_size=1, max_size=4))
def test_words_are_read_back(texts: list[str]):
    assert _read(f"k: {word(texts)}") == {"k": texts}
    assert _read(f"k: {{a: {word(texts[0])}}}") == {"k": {"a": texts[0]}}


def _read(text: str) -> Any:
    value, problems = read_tree(Source("test.yaml", "file", text, Path()))
    assert value is not None
    assert not problems
    return value.plain()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("price", "price"),
        ("house price", "house price"),
        ("a, b", "'a, b'"),
        ("no", "no"),
        ("null", "'null'"),
        ("1.5", "'1.5'"),
        (["Impute", {"DateParts": {"parts": ["year"]}}], "[Impute, DateParts: {parts: [year]}]"),
        ({"a": "b", "c": ["d"]}, "{a: b, c: [d]}"),
    ],
)
def test_words_are_quoted_only_where_they_must_be(value: Any, text: str):
    assert word(value) == text


def test_many_names_are_folded_and_are_still_one_list():
    names = [f"column_{i}" for i in range(40)]
    lines = listed("inputs", names)
    assert len(lines) > 2
    assert max(len(line.text) for line in lines) <= 110
    assert _read("\n".join(line.text for line in lines)) == {"inputs": names}
    assert [line.text for line in listed("inputs", ["a", "b"])] == ["inputs: [a, b]"]


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("price", "price"),
        ("House price (EUR)", "house_price_eur"),
        ("2024", "column_2024"),
        ("input", "input_"),
        ("Größe", "gr_e"),
        ("?", "column"),
        ("features", "features_"),
        ("max", "max_"),
    ],
)
def test_names_of_outputs(column: str, name: str):
    assert named(column, ["features"]) == name


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.70641, "0.7064"), (308.84, "308.8"), (12345.6, "12350"), (3.0, "3"), (1.259e-05, "1.259e-05"), (-0.5, "-0.5")],
)
def test_numbers_have_four_digits(number: float, text: str):
    assert shown(number) == text


def test_a_long_comment_stands_above_its_line():
    lines = (Line("source: csv", "short"), Line("- a: b", "why " * 40))
    text = written(Draft("About. " * 20, lines, (), (), ()), "x", "x.yaml")
    body = text.split("data:\n")[1].splitlines()
    assert body[0] == "  source: csv # short"
    assert body[1].startswith("  # why why")
    assert body[3] == "  - a: b"
    assert max(map(len, text.splitlines())) <= 120
