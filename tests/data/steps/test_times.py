"""Parts of dates, against Python's datetime, and what becomes of a missing one."""

from __future__ import annotations

import math
from datetime import datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlib.data.load import load
from netlib.data.preprocessing import Preprocessing
from netlib.spec.choice import parse_choice
from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError

MOMENTS = st.lists(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)), min_size=1, max_size=20)


def through(written: object, values: list[datetime | None]) -> np.ndarray:
    steps = tuple(parse_choice("preprocessing", one) for one in (written if isinstance(written, list) else [written]))
    column = pl.Series(values, dtype=pl.Datetime("us"))
    return Preprocessing.fit({"x": steps}, {"x": column}).apply({"x": column})["x"]


@given(MOMENTS)
def test_parts_are_those_of_datetime(moments):
    expected = [[m.year, m.month, m.day, m.weekday(), m.hour] for m in moments]
    np.testing.assert_array_equal(through("DateParts", moments), np.array(expected, np.float32))
    rest = through({"DateParts": ["quarter", "yearday", "minute", "second"]}, moments)
    expected = [[math.ceil(m.month / 3), m.timetuple().tm_yday, m.minute, m.second] for m in moments]
    np.testing.assert_array_equal(rest, np.array(expected, np.float32))


@given(MOMENTS)
def test_a_cycle_is_a_circle(moments):
    parts = ["month", "weekday", "hour"]
    plain = through({"DateParts": parts}, moments)
    circles = through({"DateParts": {"parts": parts, "cyclic": True}}, moments).reshape(-1, 3, 2)
    np.testing.assert_allclose((circles**2).sum(axis=2), 1, rtol=1e-6)
    turns = np.arctan2(circles[..., 0], circles[..., 1]) / (2 * np.pi) % 1
    np.testing.assert_allclose(np.round(turns * [12, 7, 24]) % [12, 7, 24], plain - [1, 0, 0], atol=1e-4)


def test_the_end_of_a_cycle_lies_beside_its_beginning():
    days = [datetime(2024, month, 1) for month in (1, 6, 12)]
    january, june, december = through({"DateParts": {"parts": ["month"], "cyclic": True}}, days)
    assert np.linalg.norm(january - december) < np.linalg.norm(january - june) / 3


def test_missing_times():
    days = [datetime(2024, 2, 1), None, datetime(2026, 2, 3)]
    assert np.isnan(through({"DateParts": {"cyclic": True}}, days)).any(axis=1).tolist() == [False, True, False]
    filled = through([{"DateParts": ["year", "day"]}, {"Impute": {"by": "mean", "flag": True}}], days)
    np.testing.assert_array_equal(filled, [[2024, 1, 0, 0], [2025, 2, 1, 1], [2026, 3, 0, 0]])


def test_missing_times_that_nothing_fills_are_an_error(tmp_path):
    rows = [f"{i},{'' if i in (3, 5) else f'2024-01-{i + 1:02}'}" for i in range(20)]
    (tmp_path / "a.csv").write_text("\n".join(["number,day", *rows]))
    section = {"source": "csv", "path": str(tmp_path / "a.csv"), "targets": "number", "columns": {"day": "datetime"}}
    with pytest.raises(NetlabError) as caught:
        load(DataSpec.parse({**section, "preprocess": {"day": ["DateParts", "Standardize"]}}), 0)
    assert str(caught.value) == (
        "source 'csv': input 'day' has no value in row 3 (2 values are missing); a step that fills them in is needed:"
        " OneHot and Lookup for texts, Impute behind DateParts for times"
    )
    splits = load(DataSpec.parse({**section, "preprocess": {"day": ["DateParts", "Impute", "Standardize"]}}), 0)
    assert splits.train.inputs["features"].shape == (20, 5)
