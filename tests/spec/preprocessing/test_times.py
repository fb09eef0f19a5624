"""Steps over times: parameters, and how many columns they make."""

from __future__ import annotations

import pytest

from netlib.spec.choice import parse_choice
from netlib.spec.errors import SpecError
from netlib.spec.features import numbers, times
from netlib.spec.preprocessing.times import DateParts


@pytest.mark.parametrize(
    ("written", "width"),
    [
        ("DateParts", 5),
        ({"DateParts": ["hour"]}, 1),
        ({"DateParts": {"parts": ["year", "days"], "cyclic": True}}, 2),
        ({"DateParts": {"cyclic": True}}, 9),
    ],
)
def test_columns(written, width):
    step = parse_choice("preprocessing", written)
    assert isinstance(step, DateParts)
    assert step.feature(times()) == numbers(width)
    assert parse_choice("preprocessing", step.to_choice()) == step


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([], "parts: expected at least 1 values"),
        (["hour", "hour"], "parts has 'hour' twice"),
        (["hours"], "expected 'year', 'quarter', .* or 'days', got 'hours'"),
    ],
)
def test_mistakes(parts, message):
    with pytest.raises(SpecError, match=message):
        parse_choice("preprocessing", {"DateParts": parts})
