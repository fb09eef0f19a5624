"""The values of a column that stay in their files."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from netlib.data import portions
from netlib.data.portions import RoomError
from netlib.data.stored import Stored


class Squares:
    """A reader whose row `i` has the square of `i`; remembers which were read together."""

    rows = 10

    def __init__(self) -> None:
        self.read: list[list[int]] = []

    def some(self, name: str, numbers: Any) -> Any:
        assert name == "x"
        self.read.append(numbers.tolist())
        return (numbers.astype(np.float32) ** 2)[:, None]


def stored(room: int = 1000, numbers: Any = None) -> Any:
    return Stored(Squares(), "x", room, numbers)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portions, "NUMBERS", 4)


def test_a_portion_is_read_when_it_is_asked_for():
    column = stored()
    assert next(iter(column)).tolist() == [[0], [1], [4], [9]]
    assert column.reader.read == [[0], [0, 1, 2, 3]], "one first, for its form"
    assert [len(part) for part in column] == [4, 4, 2]
    assert len(column) == 10


def test_some_of_the_rows():
    column = stored(numbers=np.array([1, 4, 5, 6, 9]))
    assert column.whole().ravel().tolist() == [1, 16, 25, 36, 81]
    assert column[np.array([0, 3])].whole().ravel().tolist() == [1, 36]
    assert stored()[np.array([2, 3])].whole().ravel().tolist() == [4, 9]


def test_all_at_once_must_have_room():
    assert len(stored(40).whole()) == 10
    with pytest.raises(RoomError, match=r"take 0\.0 MB"):
        stored(39).whole()
