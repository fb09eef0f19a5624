"""Numbers of rows in no more memory than they need."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlib.data import rows
from netlib.data.rows import code_type, counts_of, number_type, rows_where


@pytest.fixture(autouse=True)
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "AT_ONCE", 7)


@given(st.lists(st.booleans(), max_size=40))
def test_the_rows_of_a_mask(mask):
    found = rows_where(np.array(mask, bool))
    assert found.dtype == np.int32
    assert found.tolist() == [row for row, wanted in enumerate(mask) if wanted]


@given(st.lists(st.integers(0, 9), max_size=40))
def test_how_often_each_number_occurs(numbers):
    assert counts_of(np.array(numbers, np.uint8), 10).tolist() == [numbers.count(number) for number in range(10)]


@pytest.mark.parametrize(
    ("count", "numbers", "codes"),
    [(1, "int32", "uint8"), (256, "int32", "uint8"), (257, "int32", "uint16"), (2**16 + 1, "int32", "int32")],
)
def test_the_smallest_type_that_holds_them(count, numbers, codes):
    assert (number_type(count), code_type(count)) == (np.dtype(numbers), np.dtype(codes))
    assert np.iinfo(code_type(count)).max >= count - 1


def test_more_than_int32_holds():
    assert number_type(2**31) == np.int32
    assert number_type(2**31 + 1) == np.int64
