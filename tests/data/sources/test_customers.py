"""Customers: a rule that needs the crossing of the categories and the numbers."""

from __future__ import annotations

import numpy as np
import pytest

from netlib.data.sources.generators import read
from netlib.spec.sources.customers import Customers


def drawn(seed=0, **parameters):
    arrays = read(Customers.parse({"samples": 12_000, **parameters}), seed)
    return arrays.inputs, arrays.targets["buys"]


def smooth(inputs):
    """The part of the score that the numbers have, and the numbers scaled to between -1 and 1."""
    age = (inputs["age"][:, 0].astype(np.float64) - 49) / 31
    income = 2 * np.log(inputs["income"][:, 0].astype(np.float64) / 15) / np.log(16) - 1
    return np.cos(np.pi * age) + income, age, income


def one_hot(values):
    return (values[:, None] == np.arange(values.max() + 1)).astype(np.float64)


def accuracy(columns, buys):
    """Of least squares on half of the samples, asked of the other half."""
    features = np.column_stack([*columns, np.ones(len(buys))])
    half = len(buys) // 2
    weights, *_ = np.linalg.lstsq(features[:half], 2.0 * buys[:half] - 1, rcond=None)
    return ((features[half:] @ weights > 0) == buys[half:]).mean()


def test_without_noise_the_rule_is_exact():
    """Within a crossing one threshold of the smooth part decides: -1 in half of the crossings, 1 in the others."""
    inputs, buys = drawn(noise=0.0)
    score, _, _ = smooth(inputs)
    crossing = inputs["city"] * 8 + inputs["job"]
    ups = 0
    for number in range(96):
        here = crossing == number
        bought, others = score[here & (buys == 1)], score[here & (buys == 0)]
        up = bought.min() < 0
        ups += up
        threshold = -1 if up else 1
        assert bought.min() > threshold - 1e-4
        assert others.max() < threshold + 1e-4
    assert ups == 48


@pytest.mark.parametrize("seed", range(3))
def test_it_needs_numbers_and_the_crossing(seed):
    inputs, buys = drawn(seed)
    score, age, income = smooth(inputs)
    crossing = one_hot(inputs["city"] * 8 + inputs["job"])
    assert accuracy([score, crossing], buys) > 0.9
    assert accuracy([score], buys) < 0.85
    assert accuracy([crossing], buys) < 0.87
    alone = accuracy([score, one_hot(inputs["city"]), one_hot(inputs["job"])], buys)
    assert alone < accuracy([score, crossing], buys) - 0.05
    straight = accuracy([age, income, crossing], buys)
    assert straight < accuracy([score, crossing], buys) - 0.05


def test_balanced_and_spread():
    inputs, buys = drawn()
    assert 0.4 < buys.mean() < 0.6
    np.testing.assert_allclose(np.bincount(inputs["city"]) / len(buys), 1 / 12, rtol=0.15)
    np.testing.assert_allclose(np.bincount(inputs["job"]) / len(buys), 1 / 8, rtol=0.15)
    assert inputs["age"].mean() == pytest.approx(49, rel=0.02)
    assert np.median(inputs["income"]) == pytest.approx(60, rel=0.05)  # the logarithm is uniform


def test_noise_makes_the_rule_uncertain():
    _, buys = drawn()
    _, certain = drawn(noise=0.0)
    _, wild = drawn(noise=3.0)
    assert 0.9 < (buys == certain).mean() < 1
    assert (wild == certain).mean() < 0.85
