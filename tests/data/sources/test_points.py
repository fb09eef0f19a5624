"""Generated points: of the geometry that their names promise."""

from __future__ import annotations

import numpy as np
import pytest

from netlib.data.sources.generators import read
from netlib.spec.sources.generators import Blobs, Moons, Regression, Sine, Spirals, Xor


def drawn(spec, seed=0):
    arrays = read(spec, seed)
    (target,) = arrays.targets.values()
    return arrays.inputs["features"], target


@pytest.mark.parametrize("spec", [Spirals(samples=302, classes=3), Moons(samples=301), Blobs(samples=100, classes=7)])
def test_classes_are_balanced(spec):
    _, label = drawn(spec)
    assert np.ptp(np.bincount(label)) <= 1


def test_spirals_without_noise_lie_on_their_arms():
    x, label = drawn(Spirals(samples=600, classes=4, turns=2.0, noise=0.0))
    radius = np.hypot(*x.T)
    turns = np.arctan2(x[:, 1], x[:, 0]) / (2 * np.pi)
    off = turns - 2.0 * radius - label / 4
    assert radius.max() <= 1 + 1e-6
    assert np.abs(off - np.round(off))[radius > 0.01].max() < 1e-4


def test_moons_without_noise_are_half_circles():
    x, label = drawn(Moons(samples=400, noise=0.0))
    centre = np.where(label[:, None] == 0, [0, 0], [1, 0.5])
    np.testing.assert_allclose(np.hypot(*(x - centre).T), 1, atol=1e-6)
    assert (x[label == 0][:, 1] >= -1e-6).all()
    assert (x[label == 1][:, 1] <= 0.5 + 1e-6).all()


def test_blobs_have_a_centre_and_a_deviation():
    x, label = drawn(Blobs(samples=20_000, classes=2, features=3, noise=0.5))
    for number in range(2):
        blob = x[label == number]
        assert np.abs(blob.mean(axis=0)).max() < 5.1
        np.testing.assert_allclose(blob.std(axis=0), 0.5, rtol=0.05)


@pytest.mark.parametrize("features", [1, 2, 3])
def test_xor_is_the_parity_of_the_signs(features):
    x, label = drawn(Xor(samples=500, features=features))
    np.testing.assert_array_equal(label, (x > 0).sum(axis=1) % 2)
    assert 0.3 < label.mean() < 0.7


def test_xor_adds_noise_once_the_class_is_known():
    x, label = drawn(Xor(samples=500, noise=1.0))
    assert ((x > 0).sum(axis=1) % 2 != label).any()


def test_sine():
    x, value = drawn(Sine(samples=500, periods=3.0, noise=0.0))
    np.testing.assert_allclose(value, np.sin(3 * np.pi * x), atol=1e-5)
    x, value = drawn(Sine(samples=20_000, noise=0.2))
    assert (value - np.sin(np.pi * x)).std() == pytest.approx(0.2, rel=0.05)


def test_regression_is_linear_up_to_its_noise():
    x, value = drawn(Regression(samples=2000, features=4, noise=0.0))
    with_intercept = np.hstack([x, np.ones((len(x), 1))])
    solution, *_ = np.linalg.lstsq(with_intercept, value, rcond=None)
    np.testing.assert_allclose(with_intercept @ solution, value, atol=1e-4)
    x, value = drawn(Regression(samples=5000, features=4, noise=0.3))
    with_intercept = np.hstack([x, np.ones((len(x), 1))])
    solution, *_ = np.linalg.lstsq(with_intercept, value, rcond=None)
    assert (with_intercept @ solution - value).std() == pytest.approx(0.3, rel=0.05)
