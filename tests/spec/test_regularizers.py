from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.choice import parse_choice
from netlib.spec.errors import SpecError


def test_the_factor_may_stand_alone() -> None:
    assert parse_choice("regularizer", {"L2": 1e-4}) == parse_choice("regularizer", {"l2": {"l2": 1e-4}})


@pytest.mark.parametrize(("shape", "fits"), [((3, 3), True), ((3,), False), ((3, 3, 3), False)])
def test_an_orthogonal_regularizer_needs_a_matrix(shape: tuple[int, ...], fits: bool) -> None:
    spec: Any = parse_choice("regularizer", "OrthogonalRegularizer")
    expected = None if fits else f"OrthogonalRegularizer needs a weight of 2 axes, got {shape}"
    assert spec.objection(shape) == expected


def test_a_negative_factor_is_refused() -> None:
    with pytest.raises(SpecError, match=r"L1\.l1: expected a number not less than 0, got -0\.5"):
        parse_choice("regularizer", {"L1": -0.5})
