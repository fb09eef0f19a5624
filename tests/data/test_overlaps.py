"""Windows that share rows with held-out ones: they go, and only they."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlib.data.overlaps import without_overlaps
from netlib.spec.errors import SpecError


def split(*parts: list[int]) -> dict[str, np.ndarray]:
    return {name: np.array(part, np.int64) for name, part in zip(("train", "validation", "test"), parts, strict=True)}


def spans(count: int, reach: int, stride: int = 1) -> np.ndarray:
    first = np.arange(count) * stride
    return np.stack([first, first + reach - 1], axis=1)


def rows_of(numbers: np.ndarray, where: np.ndarray) -> set[int]:
    return {row for number in numbers for row in range(where[number, 0], where[number, 1] + 1)}


def test_the_windows_at_the_borders_go():
    kept, notes = without_overlaps(split([*range(12)], [*range(12, 17)], [*range(17, 20)]), spans(20, 3))
    assert {name: numbers.tolist() for name, numbers in kept.items()} == {
        "train": [*range(10)],
        "validation": [12, 13, 14],
        "test": [17, 18, 19],
    }
    assert notes == (
        "2 of 12 windows to train on are left out: they share rows with windows held out",
        "2 of 5 windows to validate on are left out: they share rows with windows held out",
    )


def test_windows_that_share_no_rows_stay_however_they_are_divided():
    rows = split([0, 3, 5], [1, 4], [2])
    kept, notes = without_overlaps(rows, spans(6, 4, stride=4))
    assert notes == ()
    assert all((kept[name] == rows[name]).all() for name in rows)


def test_nothing_is_held_out():
    kept, notes = without_overlaps(split([0, 1, 2], [], []), spans(3, 2))
    assert (kept["train"].tolist(), notes) == ([0, 1, 2], ())


def test_windows_that_are_mixed_are_refused():
    rows = np.random.default_rng(0).permutation(100)
    with pytest.raises(
        SpecError, match=r"split: \d+ of 80 windows to train on share rows .* \(split: Contiguous\), .* 10,"
    ):
        without_overlaps(split(rows[:80].tolist(), rows[80:].tolist(), []), spans(100, 10))
    with pytest.raises(SpecError, match=r"split: 2 of 2 windows to validate on share rows"):
        without_overlaps(split([*range(20)], [28, 29], [30, 31]), spans(32, 5))


@given(
    st.lists(st.integers(0, 2), min_size=1, max_size=40),
    st.integers(1, 6),
    st.integers(1, 4),
)
def test_what_is_kept_shares_no_row_and_nothing_else_goes(which, reach, stride):
    where, rows = (
        spans(len(which), reach, stride),
        split(*([i for i, w in enumerate(which) if w == n] for n in range(3))),
    )
    try:
        kept, _ = without_overlaps(rows, where)
    except SpecError:
        return
    assert kept["test"].tolist() == rows["test"].tolist()
    held = {"train": ("validation", "test"), "validation": ("test",)}
    for name, others in held.items():
        taken = set().union(*(rows_of(rows[other], where) for other in others))
        expected = [number for number in rows[name] if not rows_of(np.array([number]), where) & taken]
        assert kept[name].tolist() == expected
