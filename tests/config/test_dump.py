from __future__ import annotations

import math
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.config.dump import to_flow, to_yaml
from netlib.config.overrides import command_line, parse_override
from netlib.config.reader import read_tree
from netlib.config.sources import checked_source

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SIGNS = [
    *"~-=?|>%`'\"{}[]\n\t\ufeff\u2028\0\x7f\x85",
    "",
    "---",
    "...",
    "$(max(1",
    "$(a)",
    "$$",
    "*a",
    "&a",
    "!a",
    "@a",
    "a:b",
    "a#b",
    "[a",
]
NUMBERS = [
    "1:30",
    "010",
    "1e-3",
    "0x1F",
    "1_000",
    "2024-01-01",
    ".inf",
    ".nan",
    "1e999",
    "9" * 40,
    "no",
    "on",
    "null",
    "true",
    "True",
]
BLANKS = [" a", "a ", "a: b", "a #b", "? a", "a\nb\n", "<<", "x" * 500]
WORDS = st.sampled_from(SIGNS + NUMBERS + BLANKS)
SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | TEXT | WORDS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT | WORDS | st.integers(-9, 9), inner, max_size=4),
    max_leaves=15,
)


def read(text):
    tree, problems = read_tree(checked_source("resolved.yaml", "file", text, Path()))
    assert problems == []
    assert tree is not None
    return tree.plain()


def same(first, second):
    if type(first) is not type(second):
        return False
    if isinstance(first, dict):
        return list(first) == list(second) and all(same(first[key], second[key]) for key in first)
    if isinstance(first, list):
        return len(first) == len(second) and all(map(same, first, second))
    return first == second


@given(st.dictionaries(TEXT | WORDS, VALUES, max_size=4))
@settings(max_examples=400)
def test_what_is_written_is_read_back_equal(values):
    assert same(read(to_yaml(values)), values)


def test_not_a_number_and_tuples():
    found = read(to_yaml({"a": math.nan, "b": (1, (2,))}))
    assert math.isnan(found["a"])
    assert found["b"] == [1, [2]]


@pytest.mark.parametrize(
    ("word", "quoted"), [("no", False), ("1:30", False), ("010", True), ("1e-3", True), ("relu", False)]
)
def test_words_are_quoted_by_the_rules_of_yaml_1_2(word, quoted):
    assert to_yaml({"a": word, "b": [1]}) == (f"a: '{word}'\nb: [1]\n" if quoted else f"a: {word}\nb: [1]\n")


def test_keys_keep_their_order_and_nothing_is_shared():
    shared = {"x": [1, 2]}
    assert to_yaml({"b": shared, "a": shared}) == "b:\n  x: [1, 2]\na:\n  x: [1, 2]\n"


def test_only_plain_values_are_written():
    with pytest.raises(yaml.representer.RepresenterError):
        to_yaml({"a": object()})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e-5, "1.0e-05"), ("1e-5", "'1e-5'"), (None, "null"), (True, "true"), ("no", "no"), ("a, b", "'a, b'"), ([], "[]"),
        ({"Adam": {"learning_rate": 0.1}}, "{Adam: {learning_rate: 0.1}}"), ([64, [32, None]], "[64, [32, null]]"),
    ],
)  # fmt: skip
def test_a_value_in_one_line_is_one_that_an_override_takes(value, text):
    assert to_flow(value) == text
    read_back = parse_override(command_line(f"train.x={text}", Path())).value
    assert read_back.plain() == value


def test_a_long_value_stays_in_one_line():
    assert "\n" not in to_flow({"paths": ["a long path / with blanks " * 9] * 9})
