from __future__ import annotations

from pathlib import Path

import pytest

from netlib.config.overrides import MAX_STEPS, command_line, parse_override
from netlib.config.problems import ConfigError


def parse(text):
    return parse_override(command_line(text, Path()))


def keys(text):
    return [step.key for step in parse(text).steps]


@pytest.mark.parametrize(
    ("text", "steps", "value"),
    [
        ("a=1", ["a"], 1),
        ("train.optimizer.learning_rate=1e-3", ["train", "optimizer", "learning_rate"], 0.001),
        ("a=b=c", ["a"], "b=c"),
        ("a.b={SGD: {}}", ["a", "b"], {"SGD": {}}),
        ("a=", ["a"], None),
        ("a=~", ["a"], None),
        ("a=no", ["a"], "no"),
        ("a= x ", ["a"], "x"),
        ("a='1'", ["a"], "1"),
        ("a=[1, {b: 2}]", ["a"], [1, {"b": 2}]),
        ("model.0.units=3", ["model", 0, "units"], 3),
        ("model.01=3", ["model", "01"], 3),
        ('data.columns."a.b".dtype=int32', ["data", "columns", "a.b", "dtype"], "int32"),
        ("data.'a=b'.\"0\"=1", ["data", "a=b", "0"], 1),
        ('a."".b=1', ["a", "", "b"], 1),
        ("früh-er.x_1=1", ["früh-er", "x_1"], 1),
    ],
)
def test_assignments(text, steps, value):
    override = parse(text)
    assert [step.key for step in override.steps] == steps
    assert override.value is not None
    assert override.value.plain() == value


def test_deletions():
    assert parse("~train.early_stopping").value is None
    assert keys("~train.early_stopping") == ["train", "early_stopping"]
    assert keys('~a."b.c".0') == ["a", "b.c", 0]


def test_places_are_those_of_the_override():
    override = parse("a.bc={x: [1, yes]}")
    assert [(step.place.column, step.place.length) for step in override.steps] == [(0, 1), (2, 2)]
    item = override.value.content["x"].content[1]
    assert (item.place.column, item.place.length) == (13, 3)
    assert item.place.source is override.source
    assert override.value.content["x"].key.column == 6


MISTAKES = {
    "": ("expected a name here; an override is 'section.key=value' or '~section.key'", 0),
    "=1": ("expected a name here", 0),
    "a": ("expected 'section.key=value' or '~section.key'", 0),
    "a.b": ("expected 'section.key=value'", 0),
    "a b=1": ("expected 'section.key=value'", 0),
    "a..b=1": ("expected a name here", 2),
    "a.=1": ("expected a name here", 2),
    'a."b=1': ("expected a name here", 2),
    "~": ("expected a name here", 1),
    "~a=1": ("'~key' deletes, and takes no value", 2),
    "a=[1, 2": ("this '[' is not closed", 2),
    "a={b: 1, b: 2}": ("'b' is set already", 9),
    "a=**.bias": ("text that begins with '*' must be quoted: \"**.bias\"", 2),
    "a=!!python/name:os": ("there is no tag '!!python/name:os' here", 2),
    "a=x: y: z": ("a second ': ' cannot stand here", 6),
    "a=1\n--- 2": ("a config is one document", 2),
    "a=\0": ("this is the character U+0000", 2),
}


@pytest.mark.parametrize("text", MISTAKES)
def test_mistakes(text):
    message, column = MISTAKES[text]
    with pytest.raises(ConfigError) as caught:
        parse(text)
    (problem,) = caught.value.problems
    assert message in problem.message
    assert problem.place.column == column
    assert problem.place.source.text == text
    assert str(caught.value).startswith("<command line>: ")


def test_the_steps_of_a_key_are_bounded():
    assert len(keys(".".join("a" * MAX_STEPS) + "=1")) == MAX_STEPS
    with pytest.raises(ConfigError, match=f"a key has at most {MAX_STEPS} steps"):
        parse(".".join("a" * 5000) + "=1")


def test_a_dash_is_a_name_that_no_schema_has():
    assert keys("--epochs=3") == ["--epochs"]
