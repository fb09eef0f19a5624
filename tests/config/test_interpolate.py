from __future__ import annotations

import pytest

from netlib.config.interpolate import MAX_VARIABLES, literal, resolve_variables
from netlib.spec.expressions import FUNCTIONS, substitute


def test_no_variables():
    assert resolve_variables(None).values == {}


def test_a_variable_may_use_those_before_it():
    found = resolve_variables(
        {"width": 32, "double": "$(width * 2)", "name": "w$double", "all": ["$width", {"a": "$name"}]}
    )
    assert found.values == {"width": 32, "double": 64, "name": "w64", "all": [32, {"a": "w64"}]}
    assert found.problems == []


MISTAKES = [
    ({"a": "$b", "b": 1}, ("vars", "a"), "a variable may use those before it; 'b' does not stand before 'a'"),
    ({"a": "$(a + 1)"}, ("vars", "a"), "a variable may use those before it; 'a' does not stand before 'a'"),
    ({"width": 1, "a": ["$widht"]}, ("vars", "a", 0), "there is no value 'widht' here; did you mean 'width'?"),
    ({"a": "$(1 / 0)"}, ("vars", "a"), "1 / 0 divides by zero"),
    ({"in": 1}, ("vars", "in"), "'in' has a meaning of its own in expressions; choose another name"),
    ({"a-b": 1}, ("vars", "a-b"), "expected a name of letters, digits and '_' that begins with no digit, got 'a-b'"),
    ({3: 1}, ("vars", 3), "expected a name of letters, digits and '_' that begins with no digit, got 3"),
    ([1], ("vars",), "expected a mapping from a variable's name to its value, got [1]"),
    ({f"v{i}": i for i in range(501)}, ("vars",), f"there are at most {MAX_VARIABLES} variables, got 501"),
]


@pytest.mark.parametrize(("written", "loc", "message"), MISTAKES)
def test_mistakes(written, loc, message):
    (problem,) = resolve_variables(written).problems
    assert (problem.loc, problem.message) == (loc, message)


@pytest.mark.parametrize(
    "name", ["in", "input", "index", "item", "previous", "x", "true", "null", "lambda", "None", *FUNCTIONS]
)
def test_names_with_a_meaning_are_refused(name):
    (problem,) = resolve_variables({name: 1}).problems
    assert problem.at == "key"
    assert "has a meaning of its own" in problem.message


def test_a_mistake_is_reported_where_it_is_and_not_where_it_is_used():
    found = resolve_variables({"a": "$nope", "b": "$a", "c": "$(b + 1)", "d": 1})
    assert [problem.loc for problem in found.problems] == [("vars", "a")]
    assert found.values == {"d": 1}
    assert found.hide("x$(a * 2)")
    assert found.hide("$c")
    assert not found.hide("$d")
    assert not found.hide("a")


@pytest.mark.parametrize("value", ["$a", "a $$ b", 3, None, True, {"$k": ["$x", {"y": "$(1)"}]}, []])
def test_a_literal_value_comes_to_itself(value):
    assert substitute(literal(value), {}) == value


def test_values_do_not_grow_without_end():
    doubling = {"v0": ["x"] * 10, **{f"v{i}": [f"$v{i - 1}"] * 10 for i in range(1, 12)}}
    (problem,) = resolve_variables(doubling).problems
    assert "the values grow beyond" in problem.message


def test_text_does_not_grow_without_end():
    doubling = {"v0": "x" * 100, **{f"v{i}": f"$v{i - 1}" * 10 for i in range(1, 12)}}
    (problem,) = resolve_variables(doubling).problems
    assert "the values grow beyond" in problem.message
