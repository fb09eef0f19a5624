"""Pairs: half of them of one class, and told apart by their distance."""

from __future__ import annotations

import numpy as np
import pytest

from netlib.data.sources.generators import read
from netlib.spec.sources.pairs import Pairs


def drawn(**parameters):
    arrays = read(Pairs.parse(parameters), 3)
    return arrays.inputs["left"], arrays.inputs["right"], arrays.targets["same"]


def test_half_are_the_same_and_no_class_tells_which():
    """Without noise a point is its centre, so that both classes are known."""
    left, right, same = drawn(samples=3000, classes=4, noise=0.0)
    assert same.mean() == 0.5
    centres, classes = np.unique(np.concatenate([left, right]), axis=0, return_inverse=True)
    assert len(centres) == 4
    first, second = classes[:3000], classes[3000:]
    np.testing.assert_array_equal(same[:, 0], first == second)
    for side in (first, second):
        share = np.bincount(side, weights=same[:, 0]) / np.bincount(side)
        np.testing.assert_allclose(share, 0.5, atol=0.06)
    others = np.zeros((4, 4))
    np.add.at(others, (first, second), 1)
    assert (others > 60).all()  # every pair of classes: 3000 / 2 / 12 = 125 times


def test_the_distance_tells():
    left, right, same = drawn(samples=4000)
    distance = np.linalg.norm(left - right, axis=1)
    found = (distance[:, None] < np.linspace(0, 20, 101)) == same
    best = found[:2000].mean(axis=0).argmax()
    assert found[2000:, best].mean() > 0.97


def test_a_loss_of_distance_and_target_does_not_broadcast():
    left, right, same = drawn(samples=10)
    distance = np.sum((left - right) ** 2, axis=-1, keepdims=True)
    assert (same * distance).shape == (10, 1)


def test_points_deviate_from_their_centres():
    left, _, _ = drawn(samples=20_000, classes=2, features=3, noise=0.5)
    exact, _, _ = drawn(samples=20_000, classes=2, features=3, noise=0.0)
    assert (left - exact).std() == pytest.approx(0.5, rel=0.02)
