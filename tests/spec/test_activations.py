from __future__ import annotations

import pytest

from netlib.spec.choice import parse_choice
from netlib.spec.errors import SpecError
from netlib.spec.registry import names, spec_class


def test_only_softmax_and_sigmoid_make_probabilities_of_logits() -> None:
    links = {name: getattr(spec_class("activation", name), "link", None) for name in names("activation")}
    assert {name: link for name, link in links.items() if link} == {"softmax": "softmax", "sigmoid": "sigmoid"}


def test_a_parameter_may_stand_alone() -> None:
    assert parse_choice("activation", {"leaky_relu": 0.5}) == parse_choice(
        "activation", {"leaky_relu": {"negative_slope": 0.5}}
    )


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ("rleu", "there is no activation 'rleu'; did you mean 'relu'"),
        ({"relu": {"negative_slope": -1}}, "relu.negative_slope: expected a number not less than 0, got -1"),
        ({"softmax": {"axes": 1}}, "softmax has no parameter 'axes'; did you mean 'axis'"),
        ("glu", "there is no activation 'glu' in netlab: it halves the last axis"),
    ],
)
def test_mistakes_are_told(choice: object, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        parse_choice("activation", choice)
