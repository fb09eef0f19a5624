"""Values that are looked at a portion at a time."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from netlib.data import portions
from netlib.data.portions import Held, Portions, Prepared, RoomError, gathered, portions_of
from netlib.data.row_error import RowError


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portions, "NUMBERS", 12)
    monkeypatch.setattr(portions, "TEXTS", 5)


class Files(Held):
    """Values that are as if they were in files: never whole but by portions."""

    @property
    def limit(self) -> Any:
        """Few bytes."""
        return 100


@pytest.mark.parametrize(
    ("values", "lengths"),
    [
        (np.arange(30), [12, 12, 6]),
        (np.zeros((7, 2, 2)), [3, 3, 1]),
        (np.zeros((2, 5, 5)), [1, 1]),
        (np.zeros((0, 3)), [0]),
        (pl.Series(list("abcdefg")), [5, 2]),
        (pl.Series(range(13)).cast(pl.Datetime("us")), [12, 1]),
    ],
)
def test_a_portion_has_so_many_numbers_or_texts(values, lengths):
    held = portions_of(values)
    assert [len(part) for part in held] == lengths
    assert len(held) == len(values)
    assert held.whole() is values
    assert portions_of(held) is held


def positive(values: Any) -> Any:
    wrong = values < 0
    if wrong.any():
        raise RowError(int(wrong.argmax()), f"is negative, as are {int(wrong.sum())}")
    return values * 2


@pytest.mark.parametrize("place", [Held, Files])
def test_a_step_is_done_to_every_portion(place: Callable[[Any], Portions]):
    prepared = Prepared(Prepared(place(np.arange(20, dtype=np.int32)), positive), positive)
    assert [part.tolist() for part in prepared] == [[*range(0, 48, 4)], [*range(48, 80, 4)]]
    assert np.asarray(prepared.whole()).tolist() == [*range(0, 80, 4)]
    assert len(prepared) == 20


def test_an_error_names_the_row_among_all_samples():
    values = np.where(np.isin(np.arange(30), (14, 15, 29)), -1, 1)
    with pytest.raises(RowError, match="row 14 is negative, as are 3") as in_memory:
        list(Prepared(Held(values), positive))
    with pytest.raises(RowError, match="row 14 is negative, as are 2") as in_files:  # in this portion
        list(Prepared(Files(values), positive))
    assert in_memory.value.index == in_files.value.index == 14


@pytest.mark.parametrize("values", [np.arange(40, dtype=np.float32).reshape(20, 2), pl.Series(list("abcdefghijkl"))])
def test_portions_are_gathered_as_far_as_there_is_room(values):
    size = values.nbytes if isinstance(values, np.ndarray) else values.estimated_size()
    together: Any = gathered(Held(values), len(values), size)
    np.testing.assert_array_equal(np.asarray(together), np.asarray(values))
    assert len(together) == len(values)
    with pytest.raises(RoomError):
        gathered(Held(values), len(values), size - 1)


def test_what_has_no_room_is_said_in_megabytes():
    text = str(RoomError(2_500_000_000, 64_000_000))
    assert re.fullmatch(r"take 2,500\.0 MB, more than the 64\.0 MB of data\.memory", text)
