"""Weights of classes as they are written."""

from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.class_weights import numbered
from netlib.spec.data import DataSpec
from netlib.spec.errors import SpecError


def section(class_weights: Any) -> DataSpec:
    return DataSpec.parse({"source": "iris", "class_weights": class_weights})


@pytest.mark.parametrize(
    "given", [None, "balanced", {"cat": 2.0, "dog": 0.0}, {0: 1.0, 7: 5.0}, {"01": 1.0, "-1": 2.0}]
)
def test_they_come_back_from_plain_values(given: Any) -> None:
    made = section(given)
    assert made.class_weights == given
    assert DataSpec.parse(made.to_plain()) == made


def test_a_class_is_a_name_or_a_whole_number() -> None:
    assert section({"0": 1, 1.0: 5}).class_weights == {0: 1.0, 1: 5.0}


@pytest.mark.parametrize(
    ("given", "loc", "message"),
    [
        (
            "even",
            (),
            r"expected 'balanced', or a mapping from class to weight, such as \{cat: 2.0, dog: 1\}, got 'even'",
        ),
        ([1.0, 2.0], (), r"a mapping from class to weight, .* got \[1.0, 2.0\]"),
        ({}, (), "got an empty mapping"),
        ({0.5: 1.0}, ("0.5",), "expected the name or number of a class, got 0.5"),
        ({True: 1.0}, (True,), "expected the name or number of a class, got true"),
        ({1: 1.0, "1": 2.0}, ("1",), "class 1 has a weight already"),
        ({"a": -1}, ("a",), "the weight of class 'a' is -1, expected a finite number that is not negative"),
        ({"a": float("inf")}, ("a",), "the weight of class 'a' is inf"),
        ({"a": float("nan")}, ("a",), "the weight of class 'a' is nan"),
        ({"a": "2"}, ("a",), "the weight of class 'a' is '2'"),
        ({"a": True}, ("a",), "the weight of class 'a' is true"),
    ],
)
def test_what_is_no_weight_of_a_class(given: Any, loc: tuple[Any, ...], message: str) -> None:
    with pytest.raises(SpecError, match=message) as error:
        section(given)
    assert [problem.loc for problem in error.value.problems] == [("class_weights", *loc)]


def test_the_number_of_a_class_is_its_place_among_the_names() -> None:
    assert numbered({"dog": 3.0, "cat": 1.0}, "kind", ("cat", "dog", "eel"), 3) == {1: 3.0, 0: 1.0}
    assert numbered({7: 3.0, 3: 1.0}, "kind", ("3", "5", "7"), 3) == {
        2: 3.0,
        0: 1.0,
    }  # of integers that the step Labels numbers
    assert numbered({2: 3.0}, "kind", (), 3) == {2: 3.0}


@pytest.mark.parametrize(
    ("given", "names", "message"),
    [
        ({"dgo": 1.0}, ("cat", "dog"), "has no class 'dgo'; did you mean 'dog'"),
        ({"bird": 1.0}, ("cat", "dog"), r"has no class 'bird' \(it has: cat, dog\)"),
        ({1: 1.0}, ("cat", "dog"), r"has no class 1 \(it has: cat, dog\)"),
        ({"bird": 1.0}, tuple(map(str, range(30))), r"has no class 'bird' \(it has: 0, .*, 11 and 18 more\)"),
        ({3: 1.0}, (), "has no class 3: its classes are 0 to 2"),
        ({"cat": 1.0}, (), "has no class 'cat': its classes are 0 to 2"),
    ],
)
def test_what_is_no_class(given: Any, names: tuple[str, ...], message: str) -> None:
    with pytest.raises(SpecError, match=f"target 'kind' {message}"):
        numbered(given, "kind", names, len(names) or 3)
