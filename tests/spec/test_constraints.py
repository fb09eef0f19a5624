from __future__ import annotations

import re

import pytest

from netlib.spec.choice import parse_choice
from netlib.spec.errors import SpecError


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        (
            {"MinMaxNorm": {"min_value": 2, "max_value": 1}},
            "min_value (= 2.0) must not be greater than max_value (= 1.0)",
        ),
        (
            {"Clip": {"min_value": 0.5, "max_value": -0.5}},
            "min_value (= 0.5) must not be greater than max_value (= -0.5)",
        ),
        ({"Clip": {"min_value": 0}}, "Clip needs 'max_value': greatest value"),
        ("clip", "Clip needs 'min_value': least value"),
        ({"MinMaxNorm": {"rate": 2}}, "MinMaxNorm.rate: expected a number not greater than 1"),
        ({"MaxNorm": {"axis": "rows"}}, "MaxNorm.axis: expected an axis or a list of axes, got 'rows'"),
        ({"MaxNorm": -1}, "MaxNorm.max_value: expected a number not less than 0, got -1"),
    ],
)
def test_mistakes_are_told(choice: object, message: str) -> None:
    with pytest.raises(SpecError, match=re.escape(message)):
        parse_choice("constraint", choice)
