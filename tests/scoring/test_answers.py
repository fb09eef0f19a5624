from __future__ import annotations

import numpy as np
import pytest

from netlib.scoring.answers import class_answers, flag_answers, of_samples, value_answers

LIKELY = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]], np.float32)


@pytest.mark.parametrize("target", [[0, 1], [[0], [1]], [[1, 0, 0], [0, 1, 0]], [[0.9, 0.1, 0], [0.2, 0.5, 0.3]]])
def test_a_class_may_be_a_number_or_shares(target):
    found = class_answers(np.array(target), LIKELY, None)
    assert found.targets.tolist() == [0, 1]
    shares = np.array(target) if np.shape(target) == (2, 3) else np.eye(3)[np.ravel(target)]
    assert found.losses == pytest.approx(-(shares * np.log(LIKELY)).sum(axis=1), rel=1e-6)
    assert found.wrong.tolist() == [False, True]


def test_one_unit_is_the_probability_of_the_second_class():
    found = class_answers(np.array([[1.0], [0.0]]), np.array([[0.5], [0.75]], np.float32), None)
    assert found.predicted.tolist() == [[0.5, 0.5], [0.25, 0.75]]
    assert found.wrong.tolist() == [True, True]  # one half is not above one half
    assert found.losses == pytest.approx([-np.log(0.5), -np.log(0.25)])


def test_places_without_weight_or_mask_are_not_given():
    output = np.broadcast_to(LIKELY, (3, 2, 3))
    mask = np.array([[True, False], [True, True], [True, True]])
    found = class_answers(np.array([[0, 2], [2, 2], [0, 0]]), output, np.array([2.0, 0.5, 0.0]), mask)
    assert found.targets.tolist() == [0, 2, 2]
    assert found.weights.tolist() == [2, 0.5, 0.5]
    assert found.samples.tolist() == [0, 1, 1]
    losses, wrong, places = of_samples(found, 3)
    assert losses == pytest.approx([-np.log(0.7), -np.log(0.1) / 2 - np.log(0.6) / 2, 0], rel=1e-6)
    assert (wrong.tolist(), places.tolist()) == ([0, 1, 0], [1, 2, 0])


def test_an_impossible_truth_has_a_finite_loss():
    assert np.isfinite(class_answers(np.array([1]), np.array([[1.0, 0.0]], np.float32), None).losses).all()


def test_flags_and_numbers():
    flags = flag_answers(np.array([[1, 0]]), np.array([[0.9, 0.6]], np.float32), None)
    assert flags.targets.tolist() == [[True, False]]
    assert flags.losses == pytest.approx([(-np.log(0.9) - np.log(0.4)) / 2], rel=1e-6)
    assert flags.wrong.tolist() == [True]
    numbers = value_answers(np.array([1.0, 2.0]), np.array([[1.0], [4.5]]), None)
    assert (numbers.losses.tolist(), numbers.wrong.tolist()) == ([0, 2.5], [False, True])
    assert value_answers(np.array([1.0, 2.0]), np.array([1.0, 4.5]), None).predicted.shape == (2, 1)
