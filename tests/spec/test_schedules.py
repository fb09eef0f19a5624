from __future__ import annotations

import re
from typing import Any

import pytest

from netlib.spec.choice import parse_choice
from netlib.spec.errors import SpecError


def cosine(**values: Any) -> Any:
    return parse_choice("schedule", {"CosineDecay": {"initial_learning_rate": 0.5, "decay_steps": 10, **values}})


def piecewise(boundaries: list[int], values: list[float]) -> Any:
    return parse_choice("schedule", {"PiecewiseConstantDecay": {"boundaries": boundaries, "values": values}})


def test_how_many_steps_a_schedule_takes() -> None:
    assert cosine().steps == 10
    assert cosine(warmup_target=1, warmup_steps=5).steps == 15
    assert piecewise([3, 7], [3, 2, 1]).steps == 7
    assert piecewise([], [3]).steps == 0
    polynomial = {"initial_learning_rate": 1, "decay_steps": 4}
    assert parse_choice("schedule", {"PolynomialDecay": polynomial}).steps == 4  # type: ignore[attr-defined]
    assert parse_choice("schedule", {"PolynomialDecay": {**polynomial, "cycle": True}}).steps is None  # type: ignore[attr-defined]


def test_half_a_warmup_is_refused() -> None:
    with pytest.raises(
        SpecError, match="needs both a warmup_target and warmup_steps greater than 0, got warmup_target: 1"
    ):
        cosine(warmup_target=1)
    with pytest.raises(SpecError, match="got warmup_target: nothing, warmup_steps: 3"):
        cosine(warmup_steps=3)
    with pytest.raises(SpecError, match="initial_learning_rate is 0 and there is no warm-up"):
        cosine(initial_learning_rate=0)


@pytest.mark.parametrize(
    ("boundaries", "values", "message"),
    [
        ([1, 2], [1, 2], "there must be one value more than boundaries, got 2 values and 2 boundaries"),
        ([2, 1], [1, 2, 3], "boundaries must be greater than 0 and ascending, got [2, 1]"),
        ([0], [1, 2], "boundaries must be greater than 0 and ascending, got [0]"),
        ([1], [1, -2], "values: expected a list of numbers that are not negative, got [1, -2]"),
    ],
)
def test_pieces_must_fit(boundaries: list[int], values: list[float], message: str) -> None:
    with pytest.raises(SpecError, match=re.escape(message)):
        piecewise(boundaries, values)


def test_other_mistakes_are_told() -> None:
    with pytest.raises(SpecError, match="CosineDecay needs 'decay_steps': steps of the decay, after the warm-up"):
        parse_choice("schedule", {"CosineDecay": {"initial_learning_rate": 1}})
    with pytest.raises(SpecError, match="CosineDecay takes no 'name': a schedule has no name here"):
        cosine(name="x")
