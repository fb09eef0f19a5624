"""Numbers, step by step, where the table in tests/conformance/test_preprocessing.py does not reach."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from netlib.data.arrays import Array, Arrays
from netlib.data.preprocessing import Preprocessing
from netlib.data.row_error import RowError
from netlib.spec.choice import parse_choice
from netlib.spec.errors import NetlabError

IMAGES = hnp.arrays(np.float32, (5, 3, 2), elements=st.floats(-1000, 1000, width=32, allow_subnormal=False))


def through(written: object, train: Array, values: Array | None = None) -> Array:
    steps = tuple(parse_choice("preprocessing", one) for one in (written if isinstance(written, list) else [written]))
    return Preprocessing.fit({"x": steps}, {"x": train}).apply({"x": train if values is None else values})["x"]


@given(IMAGES, st.sampled_from(["channel", "element"]))
def test_min_max_of_arrays(values, per):
    axes = (0, 1) if per == "channel" else (0,)
    double = values.astype(np.float64)
    least, most = double.min(axis=axes), double.max(axis=axes)
    expected = (double - least) / np.where(most == least, 1, most - least)
    result = through({"MinMax": {"per": per}}, values)
    np.testing.assert_allclose(result, expected, atol=1e-6)
    assert result.min() == 0
    assert result.max() <= 1


@given(st.floats(-1e6, 1e6, width=32), st.floats(1e-3, 1e6), st.floats(-1e3, 1e3))
def test_both_ends_are_reached_exactly(least, distance, minimum):
    values = np.array([[least], [least + distance]], np.float32)
    if values[0] < values[1]:
        step = {"MinMax": {"minimum": minimum, "maximum": minimum + 1.1}}
        np.testing.assert_array_equal(through(step, values)[:, 0], np.float32([minimum, minimum + 1.1]))


@given(IMAGES)
def test_robust_scale_does_not_look_at_the_outer_quarters(values):
    far = values == values.max(axis=(0, 1))
    if (far.sum(axis=(0, 1)) <= 3).all():  # the third quartile of 15 values lies between the 11th and the 12th
        moved = np.where(far, values + np.float32(1e6), values)
        one, other = (through("RobustScale", train, values[:1]) for train in (values, moved))
        np.testing.assert_array_equal(one, other)


def test_log_says_where():
    values = np.array([[1.0, 1.0], [2.0, 0.0], [-3.0, np.nan], [4.0, 5.0]], np.float32)
    with pytest.raises(RowError) as caught:
        through("Log", values)
    assert str(caught.value) == (
        "column 'x': row 1 has 0.0, of which there is no logarithm: it must be above 0 (2 such values);"
        " a larger offset (Log: 1), or Clip in front, helps"
    )
    with pytest.raises(RowError, match=re.escape("row 2 has -3.0, and with the offset 1 no logarithm")):
        through({"Log": 1}, values)
    assert np.isnan(through({"Log": 4}, values)).sum() == 1


def test_missing_numbers_have_no_bucket():
    values = np.array([1.0, np.nan, np.nan], np.float32)
    message = r"column 'x': row 1 has no number \(2 are missing\): put Impute in front of Bucketize"
    for step in ({"quantiles": 2}, {"boundaries": [0]}):
        with pytest.raises(RowError, match=message):
            through({"Bucketize": step}, values)
    np.testing.assert_array_equal(through(["Impute", {"Bucketize": {"boundaries": [0, 1]}}], values), [2, 2, 2])


def test_rows_are_those_of_the_source():
    fitted = Preprocessing.fit({"x": (parse_choice("preprocessing", "Log"),)}, {"x": np.ones((2, 1), np.float32)})
    part = Arrays({"x": np.array([[1.0], [0.0]], np.float32)}, {}, rows=np.array([4, 900]))
    with pytest.raises(RowError, match=r"column 'x': row 900 has 0\.0"):
        fitted.apply_to(part)
    with pytest.raises(RowError, match=r"column 'x': row 900 has 0\.0"):
        Preprocessing.fit_to(
            {"x": tuple(parse_choice("preprocessing", step) for step in ("Log", "Standardize"))}, part, {}
        )


@pytest.mark.parametrize("by", ["median", "mean", "most_frequent"])
def test_nothing_to_impute_by(by):
    values = np.array([[1.0, np.nan], [2.0, np.nan]], np.float32)
    said = f"column 'x': every value of the training split is missing, so there is no {by.replace('_', ' ')}: leave"
    with pytest.raises(NetlabError, match=said):
        through({"Impute": by}, values)
    np.testing.assert_array_equal(through({"Impute": 7}, values), [[1, 7], [2, 7]])


def test_what_is_missing_does_not_count():
    values = np.array([[1.0, np.nan], [np.nan, np.nan], [3.0, np.nan]], np.float32)
    result = through(["Standardize", {"Impute": 0}], values)
    np.testing.assert_array_equal(result, [[-1, 0], [0, 0], [1, 0]])
    for step in ("MinMax", "RobustScale", {"Clip": {"minimum": 2}}, {"Log": 1}, {"Rescale": 2}):
        np.testing.assert_array_equal(np.isnan(through(step, values)), np.isnan(values))


def test_flags_of_images_are_channels():
    values = np.array([[[1.0, np.nan]], [[3.0, 4.0]]], np.float32)
    np.testing.assert_array_equal(through({"Impute": {"flag": True}}, values), [[[1, 4, 0, 1]], [[3, 4, 0, 0]]])


@given(hnp.arrays(np.float32, st.integers(1, 50), elements=st.integers(-100, 100)), st.integers(2, 12))
def test_quantiles_part_the_training_split_as_sorting_does(values, quantiles):
    found = through({"Bucketize": {"quantiles": quantiles}}, values)
    assert (found >= 0).all()
    assert (found < quantiles).all()
    order = np.argsort(values, kind="stable")
    assert (np.diff(found[order]) >= 0).all()
    if len(np.unique(values)) == len(values) and len(values) % quantiles == 0:
        assert np.bincount(found, minlength=quantiles).tolist() == [len(values) // quantiles] * quantiles
