from __future__ import annotations

import re
from typing import Any

import pytest

from netlib.spec.choice import parse_choice
from netlib.spec.errors import SpecError
from netlib.spec.registry import names, spec_class


def initializer(choice: Any) -> Any:
    return parse_choice("initializer", choice)


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"RandomUniform": {"minval": 1, "maxval": 0}}, "minval (= 1.0) must not be greater than maxval (= 0.0)"),
        ({"HeNormal": {"input_axes": [0]}}, "input_axes and output_axes have an effect only together"),
        ({"GlorotUniform": {"seed": 1}}, "GlorotUniform takes no 'seed': set the top-level 'seed'"),
        ({"RandomNormal": {"stddev": -1}}, "RandomNormal.stddev: expected a number not less than 0, got -1"),
        ("glorot", "there is no initializer 'glorot'; did you mean 'glorot_"),
    ],
)
def test_mistakes_are_told(choice: object, message: str) -> None:
    with pytest.raises(SpecError, match=re.escape(message)):
        initializer(choice)


@pytest.mark.parametrize(
    ("choice", "shape", "objection"),
    [
        ("Identity", (3,), "Identity needs a weight of 2 axes, got (3,)"),
        ("Identity", (3, 3, 3), "Identity needs a weight of 2 axes, got (3, 3, 3)"),
        ("Identity", (3, 4), None),
        ("Orthogonal", (3,), "Orthogonal needs a weight of 2 axes or more, got (3,)"),
        ("Orthogonal", (3, 3, 1, 8), None),
        ("Zeros", (), None),
        (
            {"HeNormal": {"input_axes": [0], "output_axes": [2]}},
            (3, 4),
            "HeNormal names axis 2, which a weight of shape (3, 4) has not",
        ),
        ({"HeNormal": {"input_axes": [0], "output_axes": [-1]}}, (3, 4), None),
    ],
)
def test_shapes_that_an_initializer_cannot_fill(choice: Any, shape: tuple[int, ...], objection: str | None) -> None:
    assert initializer(choice).objection(shape) == objection


def test_those_that_draw_are_known() -> None:
    fixed = {name for name in names("initializer") if not getattr(spec_class("initializer", name), "random", True)}
    assert fixed == {"Zeros", "Ones", "Constant", "Identity"}
