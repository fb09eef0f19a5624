from __future__ import annotations

import math

import pytest

from netlib.report.bench_figures import geometric_mean, operations, ratios, shares, spread


def test_the_spread_has_the_median_the_ends_and_the_rounds_in_their_order():
    assert spread([4.0, 1.0, 3.0]) == {"median": 3.0, "min": 1.0, "max": 4.0, "rounds": [4.0, 1.0, 3.0]}


def test_the_median_of_an_even_number_is_between_the_two_in_the_middle():
    assert spread([1.0, 2.0, 4.0, 100.0])["median"] == 3.0


def test_ratios_are_taken_round_by_round_and_not_of_the_medians():
    found = ratios([100.0, 10.0, 40.0], [50.0, 2.0, 10.0])
    assert found == {"median": 4.0, "min": 2.0, "max": 5.0, "rounds": [2.0, 5.0, 4.0]}


def test_ratios_need_the_same_rounds():
    with pytest.raises(ValueError, match=r"zip\(\) argument 2 is shorter"):
        ratios([1.0, 2.0], [1.0])


@pytest.mark.parametrize(
    ("values", "mean"), [([2.0, 8.0], 4.0), ([1.0, 10.0, 100.0], 10.0), ([7.0], 7.0), ([0.5, 2.0], 1.0)]
)
def test_the_geometric_mean_is_the_root_of_the_product(values, mean):
    assert geometric_mean(values) == pytest.approx(mean, rel=1e-14)


def test_there_is_no_geometric_mean_of_nothing():
    assert geometric_mean([]) is None


def test_the_shares_of_the_time_are_one_together():
    assert shares(10.0, 7.0, 1.0) == {"compute": 0.7, "data": 0.1, "python": 0.2}


def test_two_clocks_that_differ_leave_nothing_for_python():
    found = shares(1.0, 0.9, 0.3)
    assert found["python"] == 0
    assert math.isclose(sum(found.values()), 1.0)
    assert math.isclose(found["compute"], 0.75)


def test_flops_in_a_second_and_as_a_share_of_the_peak():
    found = operations(6_000, 1_000_000.0, 2.4e10)
    assert found == {"per_sample": 6_000, "per_second": 6e9, "share_of_matmul_peak": 0.25}


def test_flops_that_are_not_known_are_none():
    assert set(operations(None, 5.0, 1.0).values()) == {None}
