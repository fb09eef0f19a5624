from __future__ import annotations

import math

import pytest

from netlib.report.sparkline import BARS, PLAIN_BARS, sparkline


@pytest.mark.parametrize(
    ("values", "width", "expected"),
    [
        ([], 5, ""),
        ([1.0], 5, "▄"),
        ([3.0, 3.0, 3.0], 5, "▄▄▄"),
        ([0, 1, 2, 3, 4, 5, 6, 7], 8, BARS),
        ([7, 6, 5, 4, 3, 2, 1, 0], 99, BARS[::-1]),
        ([0, 1, 10, 11], 2, "▁█"),
        ([0, math.nan, 7], 3, "▁ █"),
        ([math.inf, math.nan], 3, "  "),
        ([0, math.inf, 7, 7], 2, "▁█"),
        ([-1e308, 1e308], 2, "▁█"),
        ([1, 2, 3], 0, ""),
    ],
)
def test_sparkline(values, width, expected):
    assert sparkline(values, width) == expected


def test_where_only_ascii_is_taken():
    assert sparkline(range(8), 8, draws=False) == PLAIN_BARS
    assert PLAIN_BARS.isascii()


def test_each_character_is_the_mean_of_its_piece():
    values = [float(number) for number in range(1000)]
    line = sparkline(values, 10)
    means = [sum(values[100 * piece : 100 * piece + 100]) / 100 for piece in range(10)]
    heights = [round((mean - means[0]) / (means[-1] - means[0]) * 7) for mean in means]
    assert line == "".join(BARS[height] for height in heights)
