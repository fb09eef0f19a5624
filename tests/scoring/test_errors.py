from __future__ import annotations

import numpy as np
import pytest

from netlib.scoring.errors import QUANTILES, ErrorTally


def tallied(targets, predicted, weights, windows=4):
    tally = ErrorTally(targets.shape[1])
    for part in np.array_split(np.arange(len(targets)), windows):
        tally.add(targets[part], predicted[part], weights[part])
    return tally


@pytest.fixture
def numbers():
    draw = np.random.default_rng(2)
    targets = 1e5 + draw.normal(size=(401, 3)) * [1, 10, 100]  # far from 0: sums of squares would cancel
    return targets, targets + draw.normal(size=(401, 3)), draw.random(401) + 0.1


def test_against_the_formulas(numbers):
    targets, predicted, weights = numbers
    tally, share = tallied(*numbers), weights / weights.sum()
    off = predicted - targets
    for unit in range(3):
        found = tally.unit(unit)
        assert found.mae == pytest.approx(share @ np.abs(off[:, unit]))
        assert found.rmse == pytest.approx(np.sqrt(share @ off[:, unit] ** 2))
        assert found.bias == pytest.approx(share @ off[:, unit])
        assert found.largest == pytest.approx(np.abs(off[:, unit]).max())
        around = targets[:, unit] - share @ targets[:, unit]
        assert found.r2 == pytest.approx(1 - (share @ off[:, unit] ** 2) / (share @ around**2))
    together = tally.all()
    assert together.mae == pytest.approx(np.mean([tally.unit(unit).mae for unit in range(3)]))
    assert together.rmse == pytest.approx(np.sqrt(share @ (off**2).mean(axis=1)))
    assert together.r2 == pytest.approx(np.mean([tally.unit(unit).r2 for unit in range(3)]))


def test_quantiles_are_those_of_all_errors(numbers):
    targets, predicted, _ = numbers
    tally = tallied(targets, predicted, np.ones(401))
    assert tally.unit(1).quantiles == pytest.approx(np.quantile((predicted - targets)[:, 1], QUANTILES), rel=1e-5)
    assert tally.all().quantiles == pytest.approx(np.quantile(predicted - targets, QUANTILES), rel=1e-5)


def test_weights_are_so_many_samples_in_the_quantiles():
    targets, predicted = np.zeros((4, 1)), np.array([[1.0], [2.0], [3.0], [4.0]])
    weights = np.array([1.0, 1.0, 1.0, 17.0])
    assert tallied(targets, predicted, weights, 1).unit(0).quantiles == (1, 4, 4, 4, 4)


def test_equal_targets_have_no_variance_to_explain():
    assert np.isnan(tallied(np.ones((5, 1)), np.zeros((5, 1)), np.ones(5)).unit(0).r2)


def test_too_many_errors_are_not_kept(monkeypatch, numbers):
    kept = tallied(*numbers).all()
    monkeypatch.setattr("netlib.scoring.kept.MOST_KEPT", 600)
    found = tallied(*numbers).all()
    assert found.quantiles == ()
    assert (found.mae, found.r2, found.largest) == (kept.mae, kept.r2, kept.largest)


def test_windows_without_weight_and_no_samples_at_all():
    tally = ErrorTally(1)
    tally.add(np.ones((2, 1)), np.zeros((2, 1)), np.zeros(2))
    assert np.isnan(tally.all().mae)
    tally.add(np.ones((2, 1)), np.zeros((2, 1)), np.ones(2))
    assert tally.all().mae == 1
