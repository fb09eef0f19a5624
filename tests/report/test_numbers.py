from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlib.report import numbers


@given(st.integers(0, 10**15))
def test_counts_keep_every_digit(number):
    assert int(numbers.count(number).replace(",", "")) == number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.97123, "0.9712"), (1.0, "1.0000"), (12.3456, "12.346"), (0.001, "0.0010"), (0.00001234, "1.23e-05"), (0, "0"),
        (-0.5, "-0.5000"), (54321.6, "54322"), (123456.0, "1.23e+05"),
        (math.nan, "nan"), (math.inf, "inf"), (99999.7, "1.00e+05"),
    ],
)  # fmt: skip
def test_metrics(value, text):
    assert numbers.metric(value) == text


@given(st.floats(-1e30, 1e30))
def test_a_metric_is_shown_within_a_relative_error_and_ten_characters(value):
    shown = numbers.metric(value)
    assert len(shown) <= 10
    assert math.isclose(float(shown), value, rel_tol=0.06, abs_tol=0)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0004, "0 ms"), (0.025, "25 ms"), (0.42, "0.4 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.4, "59 s"),
        (59.6, "1 min 00 s"), (185, "3 min 05 s"), (3599.7, "1 h 00 min"), (7500, "2 h 05 min"), (100 * 3600, "100 h 00 min"),
    ],
)  # fmt: skip
def test_durations(seconds, text):
    assert numbers.duration(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (73_512, "71.8 KiB"), (1024**2 - 1, "1.0 MiB"),
     (3 * 1024**4, "3.0 TiB"), (2**60, "1048576.0 TiB")],
)  # fmt: skip
def test_sizes(size, text):
    assert numbers.size(size) == text
