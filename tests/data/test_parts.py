"""Splits that the source says itself."""

from __future__ import annotations

import numpy as np

from netlib.data.arrays import Array, Arrays
from netlib.data.parts import with_parts


def first_is_validated_on(arrays: Arrays, classes: Array | None) -> dict[str, Array]:
    assert classes is None or len(classes) == len(arrays)
    rows = np.arange(len(arrays))
    return {"train": rows[1:], "validation": rows[:1], "test": rows[:0]}


def divided(parts: list[int] | None) -> dict[str, list[int]]:
    count = 5
    arrays = Arrays({"x": np.arange(count)}, {}, parts=None if parts is None else np.array(parts, np.int8))
    found = with_parts(arrays, np.zeros(count), first_is_validated_on)
    return {name: rows.tolist() for name, rows in found.items()}


def test_the_source_says_nothing():
    assert divided(None) == {"train": [1, 2, 3, 4], "validation": [0], "test": []}


def test_what_it_does_not_say_is_taken_of_what_is_trained_on():
    assert divided([2, 0, 0, 2, 0]) == {"train": [2, 4], "validation": [1], "test": [0, 3]}
    assert divided([1, 0, 0, 2, 0]) == {"train": [2, 4], "validation": [0, 1], "test": [3]}
