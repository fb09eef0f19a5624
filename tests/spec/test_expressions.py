from __future__ import annotations

import contextlib
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.spec.errors import SpecError
from netlib.spec.expressions import (
    MAX_VALUES,
    escaped,
    evaluate,
    references,
    substitute,
)
from netlib.spec.names import name_problem
from netlib.spec.syntax import MAX_CHARACTERS, MAX_DEPTH

SCOPE = {
    "width": 32,
    "rate": 0.5,
    "depths": [2, 3, 4],
    "padding": "same",
    "unknown": None,
    "flag": True,
    "input": {"shape": [28, 28, None], "channels": 3, "rank": 3},
    "options": {"axis": -1, "nested": {"a": [1, {"b": 2}]}, 7: "seven"},
}

VALUES = {
    "1": 1, "-2": -2, "+2": 2, "1.5": 1.5, "1e3": 1000.0, "'a'": "a", "true": True, "False": False, "null": None, "None": None,
    "width * 2 + 1": 65, "width / 2": 16.0, "width // 5": 6, "width % 5": 2, "2 ** 10": 1024, "2 ** -1": 0.5, "-2 ** 2": -4,
    "width * 2 ** depths[1]": 256, "(1 + 2) * 3": 9, "7 // 2 * 2.0": 6.0, "1 ** 99999999999": 1, "0 ** 99999999999": 0,
    "input.channels // 2": 1, "input.shape[0]": 28, "input.shape[-1]": None, "input.shape[0] * input.shape[1]": 784,
    "input.channels != width": True, "input.channels == 3": True, "1 < width <= 32": True, "3 > 2 > 2": False,
    "padding == 'same'": True, "'sam' < padding": True, "unknown == null": True, "'am' in padding": True, "3 in depths": True,
    "3 not in depths": False, "'axis' in options": True, "flag and width": 32, "flag or nope": True, "not flag": False,
    "0 or 'x'": "x", "unknown and nope": None, "1 if flag else nope": 1, "nope if not flag else 2": 2,
    "depths": [2, 3, 4], "[width, [rate]]": [32, [0.5]], "depths[1:]": [3, 4], "depths[:-1]": [2, 3], "depths[9:]": [],
    "options.axis": -1, "options['axis']": -1, "options.nested.a[1].b": 2, "options[7]": "seven",
    "min(3, 1, 2)": 1, "max(depths)": 4, "max(8, width)": 32, "round(2.6)": 3, "round(2.5)": 2, "ceil(width / 5)": 7,
    "floor(-0.5)": -1, "sqrt(16)": 4.0, "len(depths)": 3, "len(padding)": 4, "len(options)": 3, " width ": 32,
    "9223372036854775807": 2**63 - 1, "sqrt(2) ** 2 > 1.9": True,
}  # fmt: skip


@pytest.mark.parametrize("text", VALUES)
def test_values(text):
    found = evaluate(text, SCOPE)
    assert found == VALUES[text]
    assert type(found) is type(VALUES[text])


LANGUAGE = "; it has values, arithmetic, comparison"
MISTAKES = {
    # names
    "widht": "there is no value 'widht' here; did you mean 'width'?",
    "zzz": "there is no value 'zzz' here (known: width, rate, depths",
    "input.chanels": "'input' has no field 'chanels'; did you mean 'channels'?",
    "options.zzz": "'options' has no field 'zzz'; it has 'axis', 'nested' or '7'",
    "options[true == 1 and 1.5]": "'options' has no field 1.5",
    "width.real": "'width' is 32 and has no field 'real'",
    "padding.upper": "'padding' is 'same' and has no field 'upper'",
    "depths.append": "'depths' is [2, 3, 4] and has no field 'append'",
    # numbers
    "1 / 0": "1 / 0 divides by zero",
    "width % 0": "32 % 0 divides by zero",
    "0 ** -1": "0 ** -1 divides by zero",
    "9 ** 9 ** 9": "9 ** 387420489 is too large a number",
    "9 ** 99": "9 ** 99 is too large a number",
    "10 ** 19": "the result is too large a number",
    "10.0 ** 400": "10.0 ** 400 is too large a number",
    "1e308 * 10": "the result is too large a number",
    "1e999": "the result is too large a number",
    "99999999999999999999": "the result is too large a number",
    "9223372036854775807 + 1": "the result is too large a number",
    "(-8) ** 0.5": "-8 ** 0.5 is not a real number",
    "'a' * 999": "'*' needs numbers, got 'a'",
    "[1] * 999": "'*' needs numbers, got [1]",
    "'%999d' % 1": "'%' needs numbers, got '%999d'",
    "'a' + 'b'": "'+' needs numbers, got 'a'",
    "true + 1": "'+' needs numbers, got true",
    "unknown + 1": "'+' needs numbers, got nothing: the value is not known here, or null",
    "-unknown": "'-' needs numbers, got nothing",
    "-padding": "'-' needs numbers, got 'same'",
    "width < padding": "'<' needs numbers, got 'same'",
    "unknown < 1": "'<' needs numbers, got nothing",
    "1 in 2": "'in' needs a list, a mapping or text on its right, got 2",
    # items
    "depths[3]": "'depths' has 3 items and no item 3",
    "depths[-4]": "'depths' has 3 items and no item -4",
    "depths[true]": "an index is an integer, got true",
    "depths['a']": "an index is an integer, got 'a'",
    "depths[1.0]": "an index is an integer, got 1.0",
    "depths['a':]": "an index is an integer, got 'a'",
    "padding[0]": "'padding' is 'same' and cannot be indexed",
    "width[1:]": "'width' is 32 and cannot be indexed",
    # functions
    "maxi(1)": "there is no function 'maxi'; did you mean 'max'?",
    "f(1)": "there is no function 'f' (known: min, max, round, ceil, floor, sqrt, len)",
    "depths.index(1)": "there is no function 'depths.index'",
    "max()": "'max' needs at least one number",
    "min([])": "'min' needs at least one number",
    "max(1, 'a')": "'max' needs numbers, got 'a'",
    "round(1, 2)": "'round' takes one number, got 2",
    "ceil('a')": "'ceil' needs numbers, got 'a'",
    "sqrt(-1)": "'sqrt' needs a number not less than 0, got -1",
    "len(3)": "'len' takes one list, mapping or text, got 3",
    "len()": "'len' takes one list, mapping or text, got nothing",
    "max(*depths)": "an expression cannot have 'max(*depths)'" + LANGUAGE,
    "max(1, key=2)": "an expression cannot have 'max(1, key=2)'" + LANGUAGE,
    # what the language has not
    "__import__('os').system('x')": "there is no function '__import__('os').system'",
    "().__class__.__bases__": "an expression cannot have '()'" + LANGUAGE,
    "(lambda: 1)": "an expression cannot have 'lambda: 1'" + LANGUAGE,
    "[x for x in depths]": "an expression cannot have '[x for x in depths]'" + LANGUAGE,
    "{1: 2}": "an expression cannot have '{1: 2}'" + LANGUAGE,
    "f'{width}'": "an expression cannot have 'f'{width}''" + LANGUAGE,
    "~width": "an expression cannot have '~width'" + LANGUAGE,
    "1j": "an expression cannot have '1j'" + LANGUAGE,
    "b'a'": "an expression cannot have 'b'a''" + LANGUAGE,
    "...": "an expression cannot have '...'" + LANGUAGE,
    "depths[::2]": "an expression cannot have 'depths[::2]'" + LANGUAGE,
    "[*depths]": "an expression cannot have '*depths'" + LANGUAGE,
    "width @ 2": "the arithmetic of expressions is '+', '-', '*', '/', '//', '%' or '**'",
    "1 << 99": "the arithmetic of expressions is",
    "width is 32": "an expression cannot have 'is'; compare with '=='",
    # no expressions
    "": "'' is not an expression: invalid syntax",
    "1 +": "'1 +' is not an expression: invalid syntax",
    "width = 3": "'width = 3' is not an expression: invalid syntax",
    "(width := 3); 1": "is not an expression",
    "import os": "'import os' is not an expression: invalid syntax",
    "a\0b": "is not an expression",
    "\ud800": "is not an expression that can be read",
    # bounds
    "1" * (MAX_CHARACTERS + 1): f"an expression has at most {MAX_CHARACTERS} characters, got {MAX_CHARACTERS + 1}",
    "+".join(["1"] * 400): f"an expression has at most {MAX_DEPTH} levels",
    "-" * 900 + "1": "an expression has at most",
    "not " * 200 + "1": f"an expression has at most {MAX_DEPTH} levels",
    "(" * 400 + "1" + ")" * 400: "is not an expression",
    "[" * 150 + "]" * 150: "an expression has at most",
    "{" + "-" * 900 + "1}": "an expression cannot have",
    "(" + "-" * 900 + "1)(1)": "there is no function",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_mistakes(text):
    started = time.perf_counter()
    with pytest.raises(SpecError) as caught:
        evaluate(text, SCOPE)
    assert MISTAKES[text] in str(caught.value)
    assert len(str(caught.value)) < 400
    assert time.perf_counter() - started < 30  # on a busy machine, too; without a limit it would be hours


NUMBERS = st.recursive(
    st.integers(-20, 20).map(str) | st.sampled_from(["0.5", "2.0", "a", "b"]),
    lambda inner: (
        st.builds(
            "({} {} {})".format,
            inner,
            st.sampled_from(["+", "-", "*", "/", "//", "%", "<", "<=", "==", "!=", "and", "or"]),
            inner,
        )
        | st.builds("({} if {} else {})".format, inner, inner, inner)
        | st.builds("{}({}, {})".format, st.sampled_from(["min", "max"]), inner, inner)
        | inner.map("(not {})".format)
        | inner.map("[{}, 1][0]".format)
    ),
    max_leaves=12,
)


@given(NUMBERS)
@settings(max_examples=300)
def test_python_agrees(text):
    scope = {"a": 3, "b": -1.5}
    try:
        expected = eval(text, {"__builtins__": {"min": min, "max": max}}, scope)
    except ZeroDivisionError:
        with pytest.raises(SpecError):
            evaluate(text, scope)
        return
    message = ""
    try:
        found = evaluate(text, scope)
    except SpecError as error:
        message = str(error)
    if message:  # unlike in Python, a truth value is no number
        assert re.search("needs numbers, got (true|false)", message)
    else:
        assert found == expected
        assert type(found) is type(expected)


@given(st.text(st.sampled_from("ab01.()[]{}+-*/%<>=!&|~,:'\" \\\n_$ifelsandornotlambda@\0\ud800"), max_size=40))
@settings(deadline=500, max_examples=500)
def test_no_text_gives_anything_but_a_value_or_our_error(text):
    for run in (
        lambda: evaluate(text, SCOPE),
        lambda: substitute(f"$({text})", SCOPE),
        lambda: substitute(text, SCOPE),
    ):
        with contextlib.suppress(SpecError):
            run()
    references(text)


TEXTS = {
    "$width": 32, "$(width * 2)": 64, "$depths": [2, 3, 4], "$input": SCOPE["input"], "$unknown": None, "$flag": True,
    "a$width": "a32", "$width.x": "32.x", "$(width)px": "32px", "$padding-$rate": "same-0.5", "$flag!": "true!",
    "$width$width": "3232",
    "$$": "$", "$$width": "$width", "$$$width": "$32", "a$$b": "a$b", "$$(": "$(", "": "", "plain": "plain",
    "$(')')": ")", "$(depths[len('(')])": 3, '$(")" == padding)': False, "$( width )": 32, "$(max([1, (2)]))": 2,
}  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_texts(text):
    found = substitute(text, SCOPE)
    assert found == TEXTS[text]
    assert type(found) is type(TEXTS[text])


def test_nested_values_are_substituted_and_keys_are_not():
    value = {"$width": ["$width", {"a": "$(rate * 2)"}, 3, None], 1: ("$padding",)}
    assert substitute(value, SCOPE) == {"$width": [32, {"a": 1.0}, 3, None], 1: ["same"]}
    assert value == {"$width": ["$width", {"a": "$(rate * 2)"}, 3, None], 1: ("$padding",)}


TEXT_MISTAKES = {
    "$": "after '$' comes a name or '(...)'; write '$$' for a dollar",
    "5 $": "after '$' comes a name or '(...)'",
    "$5": "after '$' comes a name or '(...)'",
    "${width}": "after '$' comes a name or '(...)'",
    "a$(width": "the bracket of '$(width' is not closed",
    "$(')": "the bracket of '$(')' is not closed",
    "$input.channels": "a mapping cannot stand inside a longer text; a field or an item needs brackets: '$(name.field)'",
    "$depths[0]": "[2, 3, 4] cannot stand inside a longer text",
    "a$unknown": "nothing cannot stand inside a longer text",
    "$nope": "there is no value 'nope' here",
    "$()": "'' is not an expression: invalid syntax",
}


@pytest.mark.parametrize("text", TEXT_MISTAKES)
def test_mistakes_in_texts(text):
    with pytest.raises(SpecError) as caught:
        substitute(text, SCOPE)
    assert TEXT_MISTAKES[text] in str(caught.value)


def test_every_mistake_has_its_place():
    with pytest.raises(SpecError) as caught:
        substitute({"a": ["$nope", 1, "$(1 +)"], "b": {"c": "$width"}, "d": "$"}, SCOPE)
    assert [problem.loc for problem in caught.value.problems] == [("a", 0), ("a", 2), ("d",)]


def test_values_do_not_grow_without_end():
    with pytest.raises(SpecError, match=f"the values grow beyond {MAX_VALUES} when their '\\$' are replaced"):
        substitute(["$many"] * 1000, {"many": list(range(1000))})
    with pytest.raises(SpecError, match="the values grow beyond"):
        substitute(["$long$long"] * 1000, {"long": "x" * 10_000})
    assert len(substitute(["$many"] * 40, {"many": list(range(1000))})) == 40


@given(st.text())
def test_escaped_text_is_text_again(text):
    assert substitute(escaped(text), {}) == text


def test_references():
    assert references("a$b-$(max(c, d.e[f]) if true else len(g))$$h") == {"b", "c", "d", "f", "g"}
    assert references("no names") == set()
    assert references("$(1 +) $a") == set()
    assert references("$") == set()


@pytest.mark.parametrize("name", ["width", "a1", "_x", "Width", "type", "match"])
def test_names_that_may_be_declared(name):
    assert name_problem(name) is None


@pytest.mark.parametrize(
    "name", ["in", "if", "None", "input", "index", "item", "key", "previous", "x", "max", "sqrt", "true", "null"]
)
def test_names_that_have_a_meaning(name):
    assert name_problem(name) == f"'{name}' has a meaning of its own in expressions; choose another name"


@pytest.mark.parametrize("name", ["", "a-b", "1a", "a b", "é", "a.b", 3, None])
def test_what_is_no_name(name):
    assert name_problem(name).startswith("expected a name of letters, digits and '_' that begins with no digit, got ")
