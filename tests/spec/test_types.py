from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import Field

from netlib.spec.base import Spec
from netlib.spec.errors import SpecError
from netlib.spec.types import (
    Axes,
    Float,
    Fraction,
    Int,
    Ints,
    NonNegativeFloat,
    NonNegativeInt,
    Padding,
    Pair,
    PositiveFloat,
    PositiveInt,
    Texts,
    written_axes,
)


class Everything(Spec):
    """One field of each type."""

    kind = "layer"
    int_: Int = 0
    positive: PositiveInt = 1
    natural: NonNegativeInt = 0
    float_: Float = 0.0
    rate: PositiveFloat = 1.0
    decay: NonNegativeFloat = 0.0
    fraction: Fraction = 0.0
    texts: Texts = ()
    ints: Ints = ()
    padding: Padding = "valid"
    pair: Pair = (1, 1)
    axes: Axes = -1
    flag: bool = False
    text: str = ""
    pairs: dict[str, Int] = Field(default_factory=dict)
    word: Literal["one"] = "one"
    two: tuple[Int, ...] = Field((1, 2), min_length=2, max_length=3)


@pytest.mark.parametrize(
    ("field", "given", "value"),
    [
        ("int_", 3.0, 3),
        ("int_", -2, -2),
        ("float_", 3, 3.0),
        ("fraction", 0, 0.0),
        ("texts", ["a"], ("a",)),
        ("ints", [1, 2.0], (1, 2)),
        ("pair", 3, (3, 3)),
        ("pair", 3.0, (3, 3)),
        ("pair", [2, 3.0], (2, 3)),
        ("axes", -1.0, -1),
        ("axes", [1, 2.0], (1, 2)),
    ],
)
def test_what_is_taken(field: str, given: Any, value: Any) -> None:
    made = getattr(Everything.parse({field: given}), field)
    assert made == value
    assert type(made) is type(value)


@pytest.mark.parametrize(
    ("field", "given", "message"),
    [
        ("int_", "64", "expected an integer, got '64'"),
        ("int_", True, "expected an integer, got true"),
        ("int_", 0.5, "expected an integer, got 0.5"),
        ("int_", float("nan"), "expected an integer, got nan"),
        ("int_", float("inf"), "expected an integer, got inf"),
        ("int_", None, "expected an integer, got nothing"),
        ("int_", {"a": 1}, "expected an integer, got a mapping"),
        ("positive", 0, "expected a number greater than 0, got 0"),
        ("natural", -1, "expected a number not less than 0, got -1"),
        ("float_", "1e-3", "expected a number, got '1e-3'"),
        ("float_", False, "expected a number, got false"),
        ("float_", float("nan"), "expected a finite number, got nan"),
        ("float_", 10**400, f"expected a number that fits 64 bits, got 1{'0' * 56}..."),
        ("rate", 0, "expected a number greater than 0, got 0"),
        ("decay", -0.1, "expected a number not less than 0, got -0.1"),
        ("fraction", 1, "expected a number less than 1, got 1"),
        ("fraction", float("inf"), "expected a number less than 1, got inf"),
        ("texts", "abc", "expected a list, got 'abc'"),
        ("ints", 3, "expected a list, got 3"),
        ("padding", "full", "expected 'valid' or 'same', got 'full'"),
        ("word", "two", "expected 'one', got 'two'"),
        ("pair", [1, 2, 3], "expected a positive integer or a pair of them, got [1, 2, 3]"),
        ("pair", 0, "expected a positive integer or a pair of them, got 0"),
        ("pair", True, "expected a positive integer or a pair of them, got true"),
        ("pair", [1, True], "expected a positive integer or a pair of them, got [1, True]"),
        ("pair", "3", "expected a positive integer or a pair of them, got '3'"),
        ("axes", [], "expected an axis or a list of axes, got []"),
        ("axes", "1", "expected an axis or a list of axes, got '1'"),
        ("axes", True, "expected an axis or a list of axes, got true"),
        ("flag", 1, "expected true or false, got 1"),
        ("flag", "true", "expected true or false, got 'true'"),
        ("text", 1, "expected text, got 1"),
        ("pairs", [1], "expected a mapping, got [1]"),
        ("two", (1,), "expected at least 2 values, got [1]"),
        ("two", (1, 2, 3, 4), "expected at most 3 values, got [1, 2, 3, 4]"),
    ],
)
def test_what_is_refused(field: str, given: Any, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        Everything.parse({field: given})
    (problem,) = caught.value.problems
    assert problem.loc == (field,)
    assert problem.message == message


def test_an_item_of_a_list_is_named_by_its_place() -> None:
    with pytest.raises(SpecError) as caught:
        Everything.parse({"ints": [1, "2", 3, True], "texts": ["a", 5], "pairs": {"a": "b"}})
    assert [(problem.loc, problem.message) for problem in caught.value.problems] == [
        (("texts", 1), "expected text, got 5"),
        (("ints", 1), "expected an integer, got '2'"),
        (("ints", 3), "expected an integer, got true"),
        (("pairs", "a"), "expected an integer, got 'b'"),
    ]


@pytest.mark.parametrize(
    ("value", "axes"),
    [
        ([], ()),
        ([3, None, 5.0], (3, None, 5)),
        ([0], None),
        ([-1], None),
        ([2.5], None),
        ([True], None),
        (["3"], None),
        (3, None),
        (None, None),
        ({"a": 3}, None),
    ],
)
def test_axes_of_which_some_are_unknown(value: Any, axes: tuple[int | None, ...] | None) -> None:
    assert written_axes(value) == axes
