"""Samples that are read window by window: every sample once an epoch, in an order that can be taken up anywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.data.arrays import Array, Arrays
from netlib.data.preprocessing import Preprocessing
from netlib.data.shuffling import windowed
from netlib.data.streaming import Streamed, window_for
from netlib.spec.errors import UsageError
from netlib.training.windows import WindowData, WindowFeed


def numbers(rows: int) -> Arrays:
    """Sample `i` is the number `i`."""
    return Arrays({"x": np.arange(rows, dtype=np.float32)[:, None]}, {"y": np.arange(rows, dtype=np.int32)})


@pytest.fixture(scope="session")
def streamed(rows_of: Any) -> Callable[..., Streamed]:
    """Makes (rows, window, which of them) numbers that are read window by window; those that were read go to `taken`."""

    def make(rows: int, window: int, chosen: Array | None = None, taken: list[int] | None = None) -> Streamed:
        known = [] if taken is None else taken
        samples = numbers(rows if chosen is None else int(chosen.max()) + 1)
        reader = rows_of(samples, 4, lambda read: known.extend(read.tolist()))
        return Streamed(reader, np.arange(rows) if chosen is None else chosen, Preprocessing({}), window)

    return make


def seen(feed: WindowFeed, epoch: int, start: int = 0, end: int = 10**9) -> list[list[int]]:
    """The samples of each step from `start` to `end`."""
    steps = []
    for block in feed.epoch(epoch, start, end):
        values, order = block.tensors["targets"]["y"].numpy(), block.order.numpy()
        for step in range(max(block.first, start), min(block.end, end)):
            first = (step - block.first) * block.rows
            steps.append(values[order[first : first + block.rows]].tolist())
    return steps


def feed_of(samples: Streamed, rows: int, **more: bool) -> WindowFeed:
    return WindowFeed(samples, rows, 7, lambda *_: None, **more)


@given(st.integers(1, 300), st.integers(1, 40), st.integers(1, 90), st.integers(0, 3))
def test_a_windowed_order_has_every_sample_once(n, chunk, window, epoch):
    windows = [part.tolist() for part in windowed(5, epoch, n, chunk, window)]
    assert sorted(number for part in windows for number in part) == list(range(n))
    assert all(len(part) == window for part in windows[:-1])
    first = len(windows) // 2
    assert [part.tolist() for part in windowed(5, epoch, n, chunk, window, first)] == windows[first:]


def test_a_window_is_of_few_chunks_and_mixed():
    for part in windowed(1, 0, 1000, 10, 100):
        assert len(set((part // 10).tolist())) == 10
        assert (np.diff(part) != 1).any()


def test_chunks_of_one_sample_are_mixed_over_all_windows():
    means = np.array([part.mean() for part in windowed(1, 0, 10_000, 1, 100)])
    assert abs(means.std() / (10_000 / np.sqrt(12 * 100)) - 1) < 0.3, (
        "the windows' means scatter as those of random samples"
    )


@settings(max_examples=30)
@given(st.integers(1, 60), st.integers(1, 9), st.integers(1, 30), st.booleans(), st.booleans(), st.data())
def test_every_sample_is_in_an_epoch_once_and_it_can_be_taken_up(streamed, rows, batch, window, shuffle, drop, data):
    samples = streamed(rows, window)
    if drop and rows < batch:
        with pytest.raises(UsageError, match=f"{rows} samples, a step takes {batch} and smaller ones are dropped"):
            feed_of(samples, batch, drop_remainder=True)
        return
    feed = feed_of(samples, batch, shuffle=shuffle, drop_remainder=drop)
    whole = seen(feed, 2)
    assert len(whole) == feed.steps
    flat = [number for step in whole for number in step]
    assert len(set(flat)) == len(flat) == (rows // batch * batch if drop else rows)
    if not shuffle:
        assert flat == list(range(len(flat)))
    start = data.draw(st.integers(0, len(whole) - 1))
    end = data.draw(st.integers(start + 1, len(whole)))
    assert seen(feed, 2, start, end) == whole[start:end]


def test_windows_that_are_done_are_not_read(streamed):
    taken: list[int] = []
    samples = streamed(100, 20, taken=taken)
    feed = feed_of(samples, 5, shuffle=False)
    assert seen(feed, 0, start=9)[0] == [45, 46, 47, 48, 49]
    assert min(taken) == 40
    taken.clear()
    seen(feed, 0, start=0, end=3)
    assert max(taken) == 19


def test_all_windows_have_one_form(streamed):
    feed = feed_of(streamed(103, 20), 5)
    blocks = list(feed.epoch(0, 0, 10**9))
    assert {block.form for block in blocks[:-1]} == {blocks[0].form}
    assert (blocks[-1].rows, blocks[-1].first, blocks[-1].end) == (3, 20, 21)


def test_epochs_have_orders_of_their_own_that_follow_from_the_seed(streamed):
    samples = streamed(64, 16)
    assert seen(feed_of(samples, 4), 0) == seen(feed_of(samples, 4), 0) != seen(feed_of(samples, 4), 1)


def test_a_split_has_its_own_rows(streamed):
    samples = streamed(3, 2, np.array([5, 8, 11]))
    assert samples.example.targets["y"].tolist() == [5, 8, 11]
    assert samples.example.row(1) == 8
    (only,) = seen(feed_of(samples, 3, shuffle=False), 0)
    assert only == [5, 8, 11]


@pytest.mark.parametrize("joined", [True, False])
def test_evaluation_goes_through_a_split_in_order(streamed, joined):
    checked: list[str] = []
    data = WindowData(streamed(23, 8), 4, lambda _, name: checked.append(name), "the test split")
    found = [piece.tensors["targets"]["y"].numpy()[: piece.length].tolist() for piece in data.pieces(joined=joined)]
    assert [number for part in found for number in part] == list(range(23))
    assert data.samples == 23
    assert set(checked) == {"the test split"}
    assert [len(part) for part in found] == ([8, 8, 7] if joined else [4, 4, 4, 4, 4, 3])


def test_a_window_fits_the_memory(streamed):
    reader = streamed(10, 4).reader
    assert window_for(reader, 8 * 8 * 100) == 100
    assert window_for(reader, 1) == 1
