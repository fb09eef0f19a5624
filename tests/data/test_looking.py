from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl
import pytest

from netlib.data.arrays import Arrays
from netlib.data.looking import columns, time_text
from netlib.spec.features import DataSignature, labels, numbers, text
from netlib.spec.looks import ColumnLook

RAW = DataSignature({"age": numbers(1), "city": text()}, {"y": labels(2)}, None, {"features": ("age", "city")})
NOTHING = DataSignature({}, {}, None)


def look(values, raw: DataSignature = NOTHING) -> ColumnLook:
    (found,) = columns(Arrays({"x": values}, {}), raw)
    return found


def test_floats_with_missing_ones():
    values = np.array([1, np.nan, 2, 6, np.nan], np.float32)[:, None]
    found = look(values)
    assert (found.type, found.shape, found.missing, found.low, found.high) == ("float32", (), 2, 1.0, 6.0)
    assert found.mean == pytest.approx(3)
    assert found.deviation == pytest.approx(np.std([1, 2, 6]))
    assert (found.distinct, found.frequent) == (None, ())
    assert found.bars == (1, 0, 1, 0, 0, 0, 0, 0, 0, 1)


def test_integers_with_their_most_frequent():
    found = look(np.array([3, 1, 3, 2, 7, 1, 3], np.int32))
    assert (found.distinct, found.frequent) == (4, (("3", 3), ("1", 2), ("2", 1)))
    assert found.bars == (2, 1, 3, 0, 0, 0, 1)
    assert (found.low, found.high, found.mean) == (1, 7, pytest.approx(20 / 7))


def test_texts():
    found = look(pl.Series(["Rome", None, "Bonn", "Rome", "Ür"]))
    assert (found.type, found.missing, found.distinct, found.lengths) == ("text", 1, 3, (2, 4))
    assert found.frequent == (("Rome", 2), ("Bonn", 1), ("Ür", 1))
    assert found.bars == (2, 1, 1)


def test_times():
    found = look(pl.Series([datetime(2024, 1, 3), None, datetime(2024, 1, 1, 12)]).cast(pl.Datetime("us")))
    assert (found.type, found.missing, found.low, found.high) == ("time", 1, "2024-01-01 12:00:00", "2024-01-03")
    assert found.bars == (1, 0, 0, 0, 0, 0, 0, 0, 0, 1)
    assert time_text(datetime(2024, 1, 3, 0, 0, 5)) == "2024-01-03 00:00:05"


@pytest.mark.parametrize(
    "values",
    [
        np.full((3, 1), np.nan, np.float32),
        pl.Series([None, None], dtype=pl.String()),
        pl.Series([None], dtype=pl.Datetime("us")),
    ],
)
def test_nothing_but_missing_values(values):
    found = look(values)
    assert (found.missing, found.low, found.distinct, found.bars) == (len(values), None, None, ())


def test_infinite_values_have_no_mean():
    found = look(np.array([1, np.inf], np.float32))
    assert (found.low, found.high, found.mean, found.bars) == (1, np.inf, None, ())


def test_images_are_looked_at_as_a_whole_and_tables_by_column():
    bytes_of = np.arange(2 * 3 * 3 * 1, dtype=np.uint8).reshape(2, 3, 3, 1)
    table = np.array([[1, 20], [3, 40]], np.float32)
    tokens = np.array([[1, 2, 3], [4, 5, 6]], np.int32)
    found = list(columns(Arrays({"image": bytes_of, "table": table, "tokens": tokens}, {}), NOTHING))
    assert [(each.name, each.type, each.shape, each.low, each.high) for each in found] == [
        ("image", "uint8", (3, 3, 1), 0, 17),
        ("table[0]", "float32", (), 1, 3),
        ("table[1]", "float32", (), 20, 40),
        ("tokens", "int32", (3,), 1, 6),
    ]
    assert found[0].mean == 8.5


def test_roles_and_membership():
    samples = Arrays(
        {"age": np.zeros((2, 1), np.float32), "city": pl.Series(["a", "b"])},
        {"y": np.array([0, 1], np.int32)},
        weights=np.array([1, 2], np.float32),
        beside={"day": pl.Series(["mon", "tue"])},
    )
    found = [(each.name, each.role, each.member) for each in columns(samples, RAW)]
    assert found == [
        ("age", "input", "features"), ("city", "input", "features"), ("y", "target", ""), ("weights", "weight", ""),
        ("day", "split", ""),
    ]  # fmt: skip
