"""Which rows have the same value, and how values are written."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlib.data import keys as module
from netlib.data import portions
from netlib.data.keys import keys_of
from netlib.spec.errors import NetlabError, SpecError


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that there are several portions, whose values are brought together several times."""
    monkeypatch.setattr(portions, "NUMBERS", 6)
    monkeypatch.setattr(portions, "TEXTS", 5)
    monkeypatch.setattr(module, "MANY", 4)


def need_keys(values: Any, plain: list[Any], kind: str) -> None:
    keys = keys_of("key", values)
    distinct = sorted(set(plain))
    assert keys.kind == kind
    assert list(keys.distinct) == distinct
    assert keys.numbers.tolist() == [distinct.index(value) for value in plain]
    assert keys.counts.tolist() == [plain.count(value) for value in distinct]


@given(st.lists(st.integers(-5, 5) | st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=60))
def test_integers(values):
    need_keys(np.array(values, np.int32), values, "numbers")


@given(st.lists(st.integers(0, 255), min_size=1, max_size=60))
def test_bytes(values):
    need_keys(np.array(values, np.uint8), values, "numbers")


@given(st.lists(st.floats(-10, 10, width=32), min_size=1, max_size=60))
def test_floats(values):
    need_keys(np.array(values, np.float32)[:, None], [value + 0.0 for value in values], "numbers")


@given(st.lists(st.text("aé😀Z", max_size=3), min_size=1, max_size=60))
def test_texts(values):
    need_keys(pl.Series(values, dtype=pl.String()), values, "text")


@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=60))
def test_times(values):
    need_keys(pl.Series(values, dtype=pl.Int64()).cast(pl.Datetime("us")), values, "times")


def test_how_they_are_written():
    assert [*keys_of("key", np.array([3, -1, 3])).texts()] == ["-1", "3"]
    assert [*keys_of("key", np.array([3.0, 0.5], np.float32)).texts()] == ["0.5", "3"]
    assert [*keys_of("key", pl.Series(["b", "a"])).texts()] == ["a", "b"]


def test_few_different_values_take_a_byte_a_row():
    assert keys_of("key", np.arange(256)).numbers.dtype == np.uint8
    assert keys_of("key", np.arange(257)).numbers.dtype == np.uint16


@pytest.mark.parametrize(
    "values",
    [
        np.array([0.0] * 7 + [np.nan, 1, np.nan], np.float32),
        pl.Series(["a"] * 7 + [None, "b", None]),
        pl.Series([0] * 7 + [None, 1, None]).cast(pl.Datetime("us")),
    ],
    ids=["numbers", "texts", "times"],
)
def test_rows_without_a_value(values):
    with pytest.raises(
        NetlabError, match=r"column 'key' has no value in row 7 \(2 such\): the split needs one in every"
    ):
        keys_of("key", values)


def test_several_values_a_row():
    with pytest.raises(SpecError, match="split: column 'key' has 3 values a row; a split looks at one"):
        keys_of("key", np.zeros((4, 3)))
