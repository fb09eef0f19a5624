"""Steps over categories: parameters, and what is known of their result before and after the fit."""

from __future__ import annotations

import pytest

from netlib.spec.choice import parse_choice
from netlib.spec.errors import SpecError
from netlib.spec.features import Feature, labels, numbers, text
from netlib.spec.preprocessing.categories import CATEGORIES, Hash, Labels, Lookup, OneHot
from netlib.spec.tensors import TensorSpec


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("one_hot", OneHot()),
        ({"OneHot": 5}, OneHot(maximum=5)),
        ({"Lookup": {"categories": ["a", "b"]}}, Lookup(categories=("a", "b"))),
        ({"Hash": 100}, Hash(bins=100)),
        ({"Labels": ["no", "yes"]}, Labels(classes=("no", "yes"))),
    ],
)
def test_forms(written, meant):
    assert parse_choice("preprocessing", written) == meant
    assert parse_choice("preprocessing", meant.to_choice()) == meant


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"OneHot": 0}, "maximum: expected a number greater than 0, got 0"),
        ({"OneHot": {"categories": []}}, "categories needs at least one"),
        ({"Lookup": {"categories": ["a", "a"]}}, "categories has one of them twice"),
        ({"Lookup": {"categories": ["a"], "maximum": 2}}, "give categories or maximum, not both"),
        ("Hash", "Hash needs 'bins': how many numbers there are"),
        ({"Hash": 1}, "bins: expected a number not less than 2, got 1"),
        ({"Hash": 2**31}, "bins: expected a number not greater than 2147483647"),
        ({"Labels": ["one"]}, "classes: expected at least 2 values"),
    ],
)
def test_mistakes(written, message):
    with pytest.raises(SpecError, match=message):
        parse_choice("preprocessing", written)


def test_what_the_fit_tells():
    learned = {CATEGORIES: ("b", "a")}
    assert OneHot().feature(text()).tensor.shape == (None, None)
    assert OneHot().feature(text(), learned) == numbers(3, minimum=0.0, maximum=1.0)
    assert OneHot(maximum=7).feature(text()) == numbers(8, minimum=0.0, maximum=1.0)
    assert OneHot(maximum=7).feature(text(), learned) == numbers(8, minimum=0.0, maximum=1.0)
    assert Lookup().feature(text()).maximum is None
    assert Lookup().feature(text(), learned) == indices(2)
    assert Lookup(categories=("x",)).feature(text()) == indices(1)
    assert Labels().feature(text(), learned) == labels(2, ("b", "a"))
    assert Labels(classes=("x", "y", "z")).feature(text()) == labels(3, ("x", "y", "z"))


def test_a_hash_knows_its_range_before():
    assert Hash(bins=10).feature(text()) == indices(9)


def indices(maximum: int) -> Feature:
    return Feature(TensorSpec((None,), "int32"), minimum=0, maximum=maximum)
