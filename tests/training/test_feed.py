from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
import pytest

from netlib.data.arrays import Arrays
from netlib.spec.errors import UsageError
from netlib.training.feed import ArraysFeed
from netlib.training.loop import DeviceData

Blobs = Callable[..., Arrays]


def shape(feed: ArraysFeed, start: int = 0) -> list[tuple[int, int, int, int]]:
    """First and last step, rows of a step, and length of the order of each block."""
    return [(b.first, b.end, b.rows, len(b.order)) for b in feed.epoch(0, start, sys.maxsize)]


def order(feed: ArraysFeed, epoch: int, start: int = 0) -> np.ndarray:
    return np.concatenate([block.order for block in feed.epoch(epoch, start, sys.maxsize)])


def test_an_epoch_is_its_whole_steps_and_the_smaller_last_one(blobs: Blobs) -> None:
    feed = ArraysFeed(DeviceData(blobs(90)), 16, seed=1)
    assert (feed.samples, feed.steps) == (90, 6)
    assert shape(feed) == [(0, 5, 16, 80), (5, 6, 10, 10)]
    assert shape(ArraysFeed(DeviceData(blobs(90)), 16, seed=1, drop_remainder=True)) == [(0, 5, 16, 80)]
    assert shape(ArraysFeed(DeviceData(blobs(32)), 16, seed=1)) == [(0, 2, 16, 32)]
    assert shape(ArraysFeed(DeviceData(blobs(5)), 16, seed=1)) == [(0, 1, 5, 5)]


def test_an_epoch_is_gone_on_with(blobs: Blobs) -> None:
    feed = ArraysFeed(DeviceData(blobs(90)), 16, seed=1)
    assert shape(feed, start=3) == shape(feed)
    assert shape(feed, start=5) == [(5, 6, 10, 10)]
    assert shape(feed, start=6) == []


def test_every_epoch_has_an_order_that_follows_from_the_seed(blobs: Blobs) -> None:
    data = DeviceData(blobs(90))
    feed, same, other = (ArraysFeed(data, 16, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(np.sort(order(feed, 0)), np.arange(90))
    np.testing.assert_array_equal(order(feed, 3), order(same, 3))
    assert not np.array_equal(order(feed, 0), order(feed, 1))
    assert not np.array_equal(order(feed, 0), order(other, 0))
    np.testing.assert_array_equal(order(feed, 3, start=5), order(feed, 3)[80:])
    np.testing.assert_array_equal(order(ArraysFeed(data, 16, seed=1, shuffle=False), 3), np.arange(90))


@pytest.mark.parametrize(
    ("rows", "drop", "message"),
    [
        (0, False, "there is nothing to train on: 0 samples, a step takes 16$"),
        (15, True, "15 samples, a step takes 16 and smaller ones are dropped; set a smaller batch size"),
    ],
)
def test_too_few_rows_for_a_step_are_an_error(blobs: Blobs, rows: int, drop: bool, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        ArraysFeed(DeviceData(blobs(1).take(np.zeros(rows, int))), 16, seed=1, drop_remainder=drop)
