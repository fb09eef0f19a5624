from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from netlib.training.trouble.statistics import Statistics, odd_rows, spoilt_rows


def test_what_is_not_finite_is_counted_and_left_out_of_the_rest() -> None:
    found = Statistics.of(np.array([[1.0, np.nan], [-3.0, np.inf], [-np.inf, 5.0]], np.float32))
    assert (found.least, found.greatest, found.mean) == (-3, 5, 1)
    assert (found.nans, found.infinities, found.size, found.largest) == (1, 2, 6, 5)
    assert not found.finite
    assert str(found) == "least -3, greatest 5, mean 1, 1 NaN and 2 infinite of 6 numbers"
    assert found.plain()["shape"] == [3, 2]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (np.float32(2.5), "least 2.5, greatest 2.5, mean 2.5, all finite"),
        (np.full(3, np.nan), "3 NaN of 3 numbers"),
        (np.array([True, False]), "least 0, greatest 1, mean 0.5, all finite"),
        (np.array([1, -7], np.int64), "least -7, greatest 1, mean -3, all finite"),
        (np.array([1, 3], ml_dtypes.bfloat16), "least 1, greatest 3, mean 2, all finite"),
    ],
)
def test_every_kind_of_numbers_has_some(values: np.ndarray, text: str) -> None:
    assert str(Statistics.of(values)) == text


def test_odd_rows() -> None:
    values = np.ones([5, 2, 2], np.float32)
    values[1, 0, 1], values[3, 1, 1], values[4, 0, 0] = np.nan, 2e15, 9e14
    assert odd_rows(values).tolist() == [1, 3]
    assert spoilt_rows(values).tolist() == [1]
    assert odd_rows(np.full(3, 2**60)).tolist() == []  # numbers of classes, rows, times
