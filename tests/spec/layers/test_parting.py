from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.layers.parting import Split
from netlib.spec.tensors import TensorSpec


def test_equal_parts_and_lengths() -> None:
    assert Split.parse(3).output_shape((None, 4, 6)) == dict.fromkeys("012", (None, 4, 2))
    assert Split.parse([1, 5]).output_shape((None, 4, 6)) == {"0": (None, 4, 1), "1": (None, 4, 5)}
    assert Split.parse([-1, 2]).output_shape((None, 6)) == {"0": (None, 4), "1": (None, 2)}


def test_unknown_lengths_stay_unknown() -> None:
    assert Split.parse({"parts": 2, "axis": 1}).output_shape((None, None, 6)) == dict.fromkeys("01", (None, None, 6))
    given = Split.parse({"parts": [1, -1], "axis": 1}).output_shape((None, None, 6))
    assert given == {"0": (None, 1, 6), "1": (None, None, 6)}


def test_parts_keep_the_dtype() -> None:
    given = Split.parse(2).outputs(TensorSpec((None, 4), "int32"))
    assert given == dict.fromkeys("01", TensorSpec((None, 2), "int32"))


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (
            4,
            r"Split into 4 parts needs an axis that this divides, got axis -1 of length 6 in \(batch, 6\); give a list",
        ),
        ([1, 2], r"Split into parts of \[1, 2\] needs an axis of length 3, got axis -1 of length 6 in \(batch, 6\)"),
        ([-1, 6], r"Split into parts of \[-1, 6\] needs an axis of length 7 or more, got axis -1 of length 6 in"),
    ],
)
def test_the_axis_must_fit(parts: Any, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        Split.parse(parts).output_shape((None, 6))


@pytest.mark.parametrize(
    ("axis", "message"),
    [(0, r"Split has axis \(= 0\), which is the batch"), (2, r"Split has axis \(= 2\), which its input")],
)
def test_the_input_must_have_the_axis(axis: int, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        Split.parse({"parts": 2, "axis": axis}).output_shape((None, 6))


@pytest.mark.parametrize("parts", [0, 1, -1, 10_001, True, 2.5, "2", [], [3], [1, 0], [-1, -1], [1, True], None])
def test_what_parts_are(parts: Any) -> None:
    message = (
        "parts: expected how many parts, from 2 to 10000, or a list of their lengths, of which one may be -1, got "
    )
    with pytest.raises(SpecError, match=message):
        Split.parse({"parts": parts})
