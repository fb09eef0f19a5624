from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import netlib.data.duplicates as module
from netlib.data.arrays import Arrays
from netlib.data.duplicates import duplicates, row_hashes


def found(**samples: Arrays) -> list[str]:
    return [each.message for each in duplicates(samples)]


def table(*rows: tuple[float, str | None, int]) -> Arrays:
    size, city, kind = zip(*rows, strict=True)
    return Arrays(
        {"size": np.array(size, np.float32)[:, None], "city": pl.Series(city, dtype=pl.String())},
        {"kind": np.array(kind, np.int32)},
    )


def test_rows_of_numbers_and_texts():
    train = table((1, "a", 0), (2, "b", 1), (np.nan, None, 1), (2, "b", 1))
    validation = table((2, "b", 1), (1, "b", 0), (np.nan, None, 1), (2, "b", 1), (1, "a", 1))
    test = table((3, "c", 0), (1, "a", 0))
    assert found(train=train, validation=validation, test=test) == [
        (
            "3 of 5 validation samples and 1 of 2 test samples are also trained on (all inputs and targets are equal): of these,"
            " remembering is enough"
        )
    ]
    assert not found(train=train, test=table((1, "b", 0)))
    assert not found(train=train)


def test_times():
    days = pl.Series([datetime(2024, 1, day) for day in (1, 2, 3)]).cast(pl.Datetime("us"))
    both = Arrays({"day": days}, {})
    assert found(train=both.take(np.array([0, 1])), test=both.take(np.array([1, 2])))[0].startswith(
        "1 of 2 test samples"
    )


@settings(max_examples=50)
@given(st.data())
def test_as_a_set_of_rows_says(data):
    shape = data.draw(st.sampled_from([(), (1,), (3,), (2, 2, 3)]))
    dtype = data.draw(st.sampled_from([np.uint8, np.int32, np.float32, bool]))
    pool = np.random.default_rng(data.draw(st.integers(0, 99))).integers(0, 2, (6, *shape)).astype(dtype)
    first, second = (pool[data.draw(st.lists(st.integers(0, 5), min_size=1, max_size=9))] for _ in range(2))
    known = {row.tobytes() for row in first}
    expected = sum(row.tobytes() in known for row in second)
    message = found(train=Arrays({"x": first}, {}), validation=Arrays({"x": second}, {}))
    assert message == [] if not expected else message[0].startswith(f"{expected} of {len(second)} validation samples")


def test_wide_rows_that_differ_where_they_are_not_looked_at_first():
    train = np.zeros((4, 1000), np.float32)
    test = np.zeros((3, 1000), np.float32)
    looked_at = {*np.linspace(0, 499, module.MOST_WORDS).astype(int)}  # words of two numbers each
    hidden = next(i for i in range(500) if i not in looked_at)
    train[0, 5] = 1
    test[:2, 2 * hidden] = 1
    first = row_hashes(Arrays({"x": test}, {}), module.MOST_WORDS)
    assert first[0] == first[2]
    assert found(train=Arrays({"x": train}, {}), test=Arrays({"x": test}, {}))[0].startswith("1 of 3 test samples")


def test_rows_that_differ_by_little_have_other_hashes():
    values = np.arange(200_000, dtype=np.float32).reshape(-1, 2)
    assert len(np.unique(row_hashes(Arrays({"x": values}, {})))) == len(values)
    corners = np.stack(np.meshgrid(*[np.array([0, 1, 2, -1], np.float32)] * 8), axis=-1).reshape(-1, 8)
    assert len(np.unique(row_hashes(Arrays({"x": corners}, {})))) == len(corners)


def test_too_many_are_not_compared(monkeypatch: pytest.MonkeyPatch):
    both = table((1, "a", 0))
    monkeypatch.setattr(module, "MOST_ROWS", 2)
    assert found(train=both, test=both)
    monkeypatch.setattr(module, "MOST_ROWS", 1)
    assert not found(train=both, test=both)
