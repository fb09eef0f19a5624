from __future__ import annotations

import numpy as np

from netlib.scoring.worst import Worst


def test_the_worst_of_all_windows_with_what_belongs_to_them():
    draw = np.random.default_rng(5)
    losses = np.round(draw.random(200), 1)  # many are equal
    worst = Worst(7)
    for part in np.array_split(np.arange(200), 9):
        worst.add(losses[part], part, doubled=2 * part)
    expected = sorted(range(200), key=lambda place: (-losses[place], place))[:7]
    assert worst.places.tolist() == expected
    assert worst.losses.tolist() == losses[expected].tolist()
    assert worst.details["doubled"].tolist() == [2 * place for place in expected]


def test_fewer_than_are_wanted_and_none():
    worst = Worst(5)
    worst.add(np.zeros(0), np.zeros(0, int), name=np.zeros((0, 3)))
    worst.add(np.array([1.0]), np.array([4]), name=np.ones((1, 3)))
    assert worst.places.tolist() == [4]
    assert worst.details["name"].tolist() == [[1, 1, 1]]
    assert Worst(0).places.tolist() == []
