from __future__ import annotations

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.search_forms import parse_distribution
from netlib.spec.search_numbers import Integers, Log, Numbers, Range
from netlib.spec.search_space import Choices

FORMS = "a list of choices, or one of 'choices', 'int', 'range' and 'log', such as {int: [16, 256]}"


def points(said):
    return [*parse_distribution(said).points()]


@pytest.mark.parametrize(
    ("said", "kind", "expected"),
    [
        ([32, 64], Choices, [32, 64]),
        (["relu", None, True, 0.5], Choices, ["relu", None, True, 0.5]),
        ({"choices": {"adam": {"Adam": {}}, "sgd": "SGD"}}, Choices, ["adam", "sgd"]),
        ([{"Adam": {"epsilon": 1e-6}}, {"SGD": {}}], Choices, ["Adam", "SGD"]),
        ([{"L2": 1e-4}, {"L2": 1e-3}], Choices, ["{L2: 0.0001}", "{L2: 0.001}"]),
        ([[64, 32], [128]], Choices, ["[64, 32]", "[128]"]),
        ([{"L2": 1e-4}, None], Choices, ["{L2: 0.0001}", None]),
        ({"int": [1, 5]}, Integers, [1, 2, 3, 4, 5]),
        ({"int": [16, 64], "step": 16}, Integers, [16, 32, 48, 64]),
        ({"range": [0, 0.3], "step": 0.1}, Range, [0.0, 0.1, 0.2, 0.3]),
        ({"range": [0, 1]}, Range, []),
        ({"log": [1e-4, 1e-1]}, Log, []),
    ],
)
def test_every_form_is_read_and_has_its_points(said, kind, expected):
    found = parse_distribution(said)
    assert type(found) is kind
    assert points(said) == expected
    assert found.count == (len(expected) or None)
    plain = found.model_dump(mode="json", exclude_defaults=True, warnings=False)
    assert parse_distribution(plain) == found


def test_a_choice_has_its_value_by_its_name():
    named = parse_distribution({"choices": {"adam": {"Adam": {}}, "sgd": "SGD"}})
    assert named.value("adam") == {"Adam": {}}
    listed = parse_distribution([[64, 32], [128]])
    assert listed.value("[64, 32]") == [64, 32]
    assert parse_distribution([False, None, "no"]).value(None) is None


def test_numbers_know_their_ends():
    found = parse_distribution({"int": [16, 256], "log": True})
    assert isinstance(found, Numbers)
    assert (found.low, found.high, found.step, found.logarithmic, found.whole) == (16, 256, 1, True, True)
    found = parse_distribution({"log": [1e-4, 1]})
    assert (found.low, found.high, found.step, found.logarithmic, found.whole) == (1e-4, 1.0, None, True, False)


def test_a_range_is_tried_at_its_ends_and_between():
    assert [*parse_distribution({"int": [16, 64], "step": 16}).tried()] == [16, 48, 64]
    low, inner, high = parse_distribution({"range": [0, 1]}).tried()
    assert (low, high) == (0.0, 1.0)
    assert 0 < inner < 1
    assert not inner.is_integer()


def test_a_range_of_very_many_points_is_no_list():
    found = parse_distribution({"range": [0, 1], "step": 1e-9})
    assert found.count == 10**9 + 1
    assert len([*found.tried()]) == 3


@pytest.mark.parametrize(
    ("said", "loc", "message"),
    [
        (3, (), f"expected {FORMS}, got 3"),
        ({}, (), f"expected {FORMS}, got a mapping of nothing"),
        ({"between": [1, 2]}, (), f"expected {FORMS}, got a mapping of between"),
        ({"rang": [0, 1]}, ("rang",), "nothing is drawn by 'rang'; did you mean 'range'?"),
        ({"range": [0, 1], "stp": 1}, ("stp",), "'range' has no key 'stp'; did you mean 'step'?"),
        ([], (), "expected at least one choice, got none"),
        ([1, 2, 1], (2,), "the choice 1 stands twice"),
        ({"choices": [1, True]}, ("choices", 1), "the choice true stands twice"),
        ({"range": [0.5, 0.1]}, ("range",), "expected the lower end first, got [0.5, 0.1]: write [0.1, 0.5]"),
        ({"int": [3, 3]}, ("int",), "both ends are 3, which leaves nothing to choose: put it into 'set'"),
        ({"log": [0, 1]}, ("log",), "no logarithm begins at 0: the lower end is a number greater than 0, such as 1e-5"),
        (
            {"int": [0, 8], "log": True},
            ("int",),
            "no logarithm begins at 0: the lower end is a number greater than 0, such as 1e-5",
        ),
        ({"range": [1]}, ("range",), "expected a list of two ends, such as [1, 10], got [1]"),
        ({"int": [1, 2.5]}, ("int", 1), "expected an integer, got 2.5"),
        ({"range": [0, float("inf")]}, ("range", 1), "expected a finite number, got inf"),
        ({"int": [1, 8], "step": 3}, ("step",), "steps of 3 from 1 do not meet 8: the last is 7"),
        ({"range": [0, 1], "step": 0.3}, ("step",), "steps of 0.3 from 0 do not meet 1: the last is 0.9"),
        ({"range": [0, 1], "step": 0}, ("step",), "expected a number greater than 0, got 0"),
        ({"log": [1, 2], "step": 1}, ("step",), "equal steps are not what 'log' draws: leave out one of the two"),
        (
            {"range": [0, 1], "when": "sgd"},
            ("when",),
            "expected a mapping of a key to its choice, as in {train.optimizer: sgd}, got 'sgd'",
        ),
        (
            {"range": [0, 1], "when": {"a": []}},
            ("when", "a"),
            "expected a choice by its name, or a list of them, got []",
        ),
    ],
)
def test_what_is_wrong_is_said_at_its_place(said, loc, message):
    with pytest.raises(SpecError) as refused:
        parse_distribution(said)
    assert [(problem.loc, problem.message) for problem in refused.value.problems] == [(loc, message)]
