from __future__ import annotations

import numpy as np
import pytest

from netlib.report.error_table import error_table
from netlib.scoring.errors import QUANTILES, ErrorScores, ErrorTally


@pytest.fixture(autouse=True)
def width(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")


def rows():
    tally = ErrorTally(2)
    tally.add(np.array([[0.0, 1], [2, 1], [4, 4]]), np.array([[1.0, 1], [1, 2], [4, 4]]), np.ones(3))
    return {"price": tally.unit(0), "size": tally.unit(1), "all": tally.all()}


def test_the_whole():
    assert error_table("home", rows(), QUANTILES) == (
        "home      MAE    RMSE      R2    mean      5 %     25 %  50 %    75 %    95 %  largest\n"
        "price  0.6667  0.8165  0.7500       0  -0.9000  -0.5000     0  0.5000  0.9000   1.0000\n"
        "size   0.3333  0.5774  0.8333  0.3333        0        0     0  0.5000  0.9000   1.0000\n"
        "all    0.5000  0.7071  0.7917  0.1667  -0.7500        0     0  0.7500  1.0000   1.0000\n"
        "error: prediction minus target; N % of the errors are below the figure under N %\n"
    )


def test_a_narrow_terminal_has_the_quantiles_below(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert error_table("home", rows(), QUANTILES) == (
        "home      MAE    RMSE      R2    mean  largest\n"
        "price  0.6667  0.8165  0.7500       0   1.0000\n"
        "size   0.3333  0.5774  0.8333  0.3333   1.0000\n"
        "all    0.5000  0.7071  0.7917  0.1667   1.0000\n"
        "\n"
        "home       5 %     25 %  50 %    75 %    95 %\n"
        "price  -0.9000  -0.5000     0  0.5000  0.9000\n"
        "size         0        0     0  0.5000  0.9000\n"
        "all    -0.7500        0     0  0.7500  1.0000\n"
        "error: prediction minus target; N % of the errors are below the figure under N %\n"
    )


def test_the_line_of_all_has_the_means_of_the_others():
    price, size, together = (
        [float(text) for text in line.split()[1:5]] for line in error_table("x", rows(), QUANTILES).splitlines()[1:4]
    )
    for column in (0, 2, 3):
        assert together[column] == pytest.approx((price[column] + size[column]) / 2, abs=1e-4)
    assert together[1] ** 2 == pytest.approx((price[1] ** 2 + size[1] ** 2) / 2, abs=1e-4)


def test_without_quantiles_it_is_said_why():
    head, line, *notes = error_table("x", {"x": ErrorScores(1, 1, 0.5, 0, 2, ())}, QUANTILES).splitlines()
    assert head.split() == ["x", "MAE", "RMSE", "R2", "mean", "largest"]
    assert line.split() == ["x", "1.0000", "1.0000", "0.5000", "0", "2.0000"]
    assert notes == ["error: prediction minus target", "no quantiles: the errors are too many to keep them"]


def test_only_the_titles_are_coloured():
    head, *lines = error_table("x", rows(), QUANTILES).splitlines()
    assert error_table("x", rows(), QUANTILES, color=True).splitlines() == [f"\x1b[1m{head}\x1b[0m", *lines]
