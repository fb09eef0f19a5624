from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlib.config.problems import render
from netlib.config.reader import MAX_DEPTH, MAX_VALUES, read_tree
from netlib.config.sources import checked_source
from netlib.config.tree import Place


def problems_of(source, text):
    return read_tree(source(text))[1]


def the_problem(source, text):
    (problem,) = problems_of(source, text)
    return problem


def test_values_of_every_form(tree):
    text = """
# a comment
a: 1
b: [x, 'y', "z\\n", {c: ~}]
d:
  - e: 1e-3
    f: no
  - |
    two
    lines
"""
    assert tree(text).plain() == {
        "a": 1,
        "b": ["x", "y", "z\n", {"c": None}],
        "d": [{"e": 0.001, "f": "no"}, "two\nlines\n"],
    }


def test_quoted_scalars_are_text(tree):
    assert tree("['1', \"true\", '', !!str 3]").plain() == ["1", "true", "", "3"]


def test_an_empty_text_has_no_value(source):
    assert read_tree(source("# nothing\n")) == (None, [])


def test_a_byte_order_mark_is_no_value(tree):
    found = tree("\ufeffa: 1")
    assert found.plain() == {"a": 1}
    assert found.content["a"].key.column == 0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Cn", "Zl", "Zp"])),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=9), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(JSON)
def test_json_is_read_as_python_reads_it(value):
    text = json.dumps(value, ensure_ascii=False)
    found, problems = read_tree(checked_source("a.yaml", "file", text, Path()))
    assert problems == []
    assert found.plain() == json.loads(text)


def test_every_value_and_key_knows_its_place(tree):
    found = tree("a: 1\nlong name: {x: [yes, 'no']}\né: ü\n")
    source = found.place.source
    assert found.content["a"].key == Place(source, 0, 0, 1)
    assert found.content["a"].place == Place(source, 0, 3, 1)
    nested = found.content["long name"]
    assert nested.key == Place(source, 1, 0, 9)
    assert nested.place == Place(source, 1, 11, 16)
    assert nested.content["x"].content[1].place == Place(source, 1, 21, 4)
    assert found.content["é"].place == Place(source, 2, 3, 1)


def test_a_block_is_shown_by_its_first_line(tree):
    found = tree("nodes:\n  - Dense: {units: 3}\n    name: a\n")
    assert found.content["nodes"].content[0].place == Place(found.place.source, 1, 4, 17)


def test_text_over_several_lines_is_shown_by_its_first(tree):
    found = tree("a: one\n  two\nb: |\n  x\n")
    assert found.content["a"].place.length == 3
    assert found.content["b"].place.length == 1


def test_an_alias_repeats_a_value_and_has_a_place_of_its_own(tree):
    found = tree("a: &x {b: 1}\nc: *x\n")
    assert found.plain() == {"a": {"b": 1}, "c": {"b": 1}}
    assert found.content["c"].place.line == 1
    assert found.content["c"].content["b"].place.line == 0


@pytest.mark.parametrize("text", ["a: 1\nb: 2\na: 3\n", "{a: 1, 'a': 2}", "1: x\n0x1: y\n", "x: {b: {c: 1, c: 2}}"])
def test_a_key_that_stands_twice_is_an_error(source, text):
    assert "is set already" in the_problem(source, text).message


def test_a_duplicate_key_names_the_line_of_the_first(source):
    found, problems = read_tree(source("units: 1\nrate: 2\nunits: 3\n"))
    assert found.plain() == {"units": 1, "rate": 2}
    assert render(problems) == (
        "a.yaml:3:1: error: 'units' is set already, in line 1\n    3 | units: 3\n      | ^^^^^"
    )  # fmt: skip


def test_an_integer_and_a_text_are_different_keys(tree):
    assert tree("{1: a, '1': b}").plain() == {1: "a", "1": "b"}


@pytest.mark.parametrize(
    ("text", "written"), [("1.5: x", "1.5"), ("true: x", "true"), ("~: x", "~"), ("? [a]\n: x", "[a]")]
)
def test_a_key_is_text_or_an_integer(source, text, written):
    message = f'a key is text or an integer; quote it if it is text: "{written}"'
    assert the_problem(source, text).message == message


def test_merge_keys_are_refused(source):
    found, problems = read_tree(source("a: &x {b: 1}\nc:\n  <<: *x\n  d: 2\n"))
    assert found.plain() == {"a": {"b": 1}, "c": {"d": 2}}
    assert "'<<' merges nothing in YAML 1.2; use 'extends', or write the keys out" in problems[0].message


def test_a_quoted_merge_key_is_a_key(tree):
    assert tree("'<<': 1").plain() == {"<<": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: !!python/object/apply:os.system [x]", "there is no tag '!!python/object/apply:os.system' here"),
        ("a: !!python/name:os.system", "there is no tag '!!python/name:os.system' here"),
        ("a: !!set {x}", "there is no tag '!!set' here"),
        ("a: !<tag:other> 1", "there is no tag 'tag:other' here"),
        ("a: !!int x", "'x' is no value of the type '!!int'"),
        ("a: 99999999999999999999", "an integer has at most 64 bits"),
    ],
)
def test_only_plain_values(source, text, message):
    problem = the_problem(source, text)
    assert message in problem.message
    assert problem.column == 4


def test_tags_of_plain_values(tree):
    assert tree("[!!map {a: 1}, !!seq [1], !!float 1, !!null '', ! x]").plain() == [{"a": 1}, [1], 1.0, None, "x"]


def test_one_document_only(source):
    assert "a config is one document; '---' begins another" in the_problem(source, "--- 1\n--- 2\n").message


def test_depth_is_bounded(source):
    assert read_tree(source("[" * MAX_DEPTH + "]" * MAX_DEPTH))[1] == []
    for brackets in (MAX_DEPTH + 1, 100_000):
        found, problems = read_tree(source("[" * brackets))
        assert found is None
        assert f"a config has at most {MAX_DEPTH} levels" in problems[0].message


def test_depth_through_aliases_is_bounded(source):
    half = MAX_DEPTH * 2 // 3
    text = f"a: &x {'[' * half}{']' * half}\nb: {'[' * half}*x{']' * half}\n"
    assert "levels" in the_problem(source, text).message


def test_values_through_aliases_are_bounded(source):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    problem = the_problem(source, "\n".join(lines))
    assert f"a config has at most {MAX_VALUES} values" in problem.message
    assert problem.line == 6


def test_the_values_of_an_alias_are_counted_exactly(source):
    # 1 root list + n copies of a list of 99 values and itself
    item = f"[{', '.join(['x'] * 99)}]"
    copies = (MAX_VALUES - 1) // 100
    assert read_tree(source(f"[&a {item}, {', '.join(['*a'] * (copies - 1))}]"))[1] == []
    assert "values" in the_problem(source, f"[&a {item}, {', '.join(['*a'] * copies)}]").message


def test_a_value_cannot_contain_itself(source):
    assert "'*x' stands inside the value that it repeats" in the_problem(source, "a: &x [1, {b: *x}]").message


def test_nan_is_read(tree):
    assert math.isnan(tree(".nan").plain())


def test_all_problems_of_a_file_are_found(source):
    problems = problems_of(source, "a: 1\na: 2\nb: !x 1\nc: *none\n? {d: 1}\n: 2\n")
    assert [problem.line for problem in problems] == [2, 3, 4, 5]


def test_a_parse_error_comes_after_what_was_found_before(source):
    found, problems = read_tree(source("a: 1\na: 2\nb: [\n"))
    assert found is None
    assert [problem.line for problem in problems] == [2, 3]
