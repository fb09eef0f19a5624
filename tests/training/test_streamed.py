"""Batches become blocks: how they are cut changes nothing that is in them."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.data.arrays import Arrays
from netlib.spec.errors import UsageError
from netlib.training import streamed
from netlib.training.loop import Block
from netlib.training.stream import Stream
from netlib.training.streamed import StreamedData, StreamFeed, filled, joined, slots_for


class Sizes:
    """Batches of these sizes, again and again; row `i` of a pass holds `i`."""

    def __init__(self, *sizes: int, pause: float = 0.0) -> None:
        self.sizes = sizes
        self.pause = pause

    def __iter__(self) -> Iterator[np.ndarray]:
        start = 0
        for size in self.sizes:
            time.sleep(self.pause)
            yield np.arange(start, start + size, dtype=np.float32)
            start += size


def read(batch: Any) -> Arrays:
    batch = np.asarray(batch)
    return Arrays({"x": batch}, {"y": batch.astype(np.int32)}, batch)


def unchecked(samples: Arrays, where: str) -> None:
    del samples, where


def feed(source: Any, accumulate: int = 1, steps: int | None = None, check: Any = unchecked) -> StreamFeed:
    return StreamFeed(Stream(source, read, "the data"), accumulate, steps, check)


def steps_of(blocks: Iterator[Block]) -> list[list[float]]:
    """The rows that each step takes."""
    found = []
    for block in blocks:
        for index in range(block.end - block.first):
            chosen = block.order[index * block.rows : (index + 1) * block.rows]
            row = tf.gather(block.tensors["inputs"]["x"], chosen)
            np.testing.assert_array_equal(tf.gather(block.tensors["targets"]["y"], chosen), row)
            np.testing.assert_array_equal(tf.gather(block.tensors["weights"], chosen), row)
            found.append(row.numpy().tolist())
    return found


def epoch(source: StreamFeed, number: int = 0, start: int = 0, end: int = sys.maxsize) -> list[list[float]]:
    return steps_of(source.epoch(number, start, end))


@settings(max_examples=60)
@given(
    sizes=st.lists(st.integers(1, 5), min_size=1, max_size=12),
    accumulate=st.integers(1, 3),
    room=st.integers(1, 4),
    start=st.integers(0, 3),
)
def test_steps_are_the_batches_in_order(sizes: list[int], accumulate: int, room: int, start: int) -> None:
    sizes = [max(sizes), *sizes]
    rows = np.split(np.arange(sum(sizes), dtype=np.float32), np.cumsum(sizes)[:-1])
    expected = [np.concatenate(rows[i : i + accumulate]).tolist() for i in range(0, len(rows), accumulate)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streamed, "BLOCK_STEPS", room)
        source = feed(Sizes(*sizes), accumulate)
        assert source.steps is None
        blocks = list(source.epoch(0, 0, sys.maxsize))
        assert steps_of(iter(blocks)) == expected
        assert source.steps == len(expected)
        starts = [block.first for block in blocks]
        assert starts == [0, *(block.end for block in blocks[:-1])]
        assert len({len(block.order) for block in blocks if block.rows == sizes[0] * accumulate}) <= 1
        start = min(start, len(expected) - 1)
        assert epoch(source, 1, start) == expected[start:]
        assert epoch(source, 2, 0, 2) == expected[:2]


def test_blocks_of_many_steps_go_to_the_device_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netlib.training.streamed.TARGET_SECONDS", 60.0)  # however slow the machine is
    source = feed(Sizes(*[4] * 600, 3))
    blocks = list(source.epoch(0, 0, sys.maxsize))
    assert [(b.first, b.end, b.rows) for b in blocks] == [(0, 256, 4), (256, 512, 4), (512, 600, 4), (600, 601, 3)]
    assert {len(b.order) for b in blocks[:3]} == {1024}


def test_a_slow_stream_is_not_waited_for_until_a_block_is_full() -> None:
    source = feed(Sizes(*[4] * 8, pause=0.1))
    blocks = list(source.epoch(0, 0, sys.maxsize))
    assert len(blocks) >= 2
    assert len({block.form for block in blocks}) == 1  # and so they are compiled once
    assert steps_of(iter(blocks)) == epoch(feed(Sizes(*[4] * 8)))


def test_known_lengths_are_known_steps() -> None:
    dataset = tf.data.Dataset.range(20).batch(4)
    assert feed(dataset.map(lambda x: tf.cast(x, tf.float32)), accumulate=2).steps == 3
    assert feed(Sizes(4, 4)).steps is None
    assert feed(Sizes(4, 4), steps=7).steps == 7


def test_with_steps_per_epoch_passes_go_on_from_epoch_to_epoch() -> None:
    source = feed(Sizes(2, 2, 1), steps=2)
    assert [epoch(source, number) for number in range(3)] == [[[0, 1], [2, 3]], [[4], [0, 1]], [[2, 3], [4]]]


def test_an_iterator_is_read_no_further_than_it_must_be() -> None:
    taken = []
    source = feed((taken.append(i) or np.full(2, i, np.float32) for i in range(99)), steps=5)
    assert len(epoch(source, 0)) == 5
    assert taken == list(range(5))
    assert epoch(source, 1, 0, 2) == [[5, 5], [6, 6]]
    assert taken == list(range(7))
    assert epoch(source, 1, 2) == [[7, 7], [8, 8], [9, 9]]


def test_an_iterator_that_runs_dry() -> None:
    source = feed(iter(Sizes(4, 4, 4, 4, 4)), accumulate=2, steps=2)
    epoch(source, 0)
    message = (
        "^the data ran dry in epoch 2: it gave 5 batches in all, and every epoch takes 4; lower steps_per_epoch or epochs, let"
        " it go on, or give what can be gone through again: a tf.data.Dataset, or an object whose __iter__ begins anew$"
    )
    with pytest.raises(UsageError, match=message):
        epoch(source, 1)


def test_an_iterator_has_one_pass() -> None:
    source = feed(iter(Sizes(4, 4)))
    epoch(source, 0)
    message = (
        "^the data ran dry in epoch 2: it gave 2 batches in all, none of them in this epoch, and gives each but once; set"
        " steps_per_epoch, or give what can"
    )
    with pytest.raises(UsageError, match=message):
        epoch(source, 1)


def test_an_epoch_is_not_gone_on_with_where_nothing_is_left() -> None:
    message = (
        "^the data ran dry in epoch 2: no batch came after the 5 steps of it that are done; give what the epoch began"
    )
    with pytest.raises(UsageError, match=message):
        epoch(feed(Sizes(4, 4)), 1, 5)


def test_every_batch_is_looked_at_before_it_is_used() -> None:
    seen = []

    def check(samples: Arrays, where: str) -> None:
        seen.append((where, len(samples)))
        if where.startswith("batch 3"):
            raise UsageError(f"{where}: no")

    with pytest.raises(UsageError, match=r"^batch 3 of the data: no$"):
        epoch(feed(Sizes(4, 4, 2, 2), check=check))
    assert seen == [("batch 1 of the data", 4), ("batch 2 of the data", 4), ("batch 3 of the data", 2)]


@settings(max_examples=40)
@given(
    sizes=st.lists(st.integers(1, 5), min_size=1, max_size=9),
    room=st.integers(1, 4),
    asked=st.none() | st.integers(1, 9),
)
def test_data_to_measure_is_all_samples_in_order(sizes: list[int], room: int, asked: int | None) -> None:
    sizes = [max(sizes), *sizes]
    wanted = min(asked or len(sizes), len(sizes))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streamed, "BLOCK_STEPS", room)
        data = StreamedData(Stream(Sizes(*sizes), read, "the data"), wanted, unchecked)
        for _ in range(2):
            pieces = list(data.pieces())
            values = [piece.tensors["inputs"]["x"].numpy()[: piece.length] for piece in pieces]
            np.testing.assert_array_equal(np.concatenate(values), np.arange(sum(sizes[:wanted])))
            assert len({len(piece.tensors["inputs"]["x"]) for piece in pieces}) == 1


def test_batches_to_measure_are_looked_at() -> None:
    def check(samples: Arrays, where: str) -> None:
        raise UsageError(where)

    for together in (True, False):
        with pytest.raises(UsageError, match=r"^batch 1 of the data$"):
            list(StreamedData(Stream(Sizes(4), read, "the data"), None, check).pieces(joined=together))


@pytest.mark.parametrize("asked", [None, 2])
def test_batches_to_measure_one_by_one_are_as_they_come(asked: int | None) -> None:
    data = StreamedData(Stream(Sizes(5, 2, 4), read, "the data"), asked, unchecked)
    values = [piece.tensors["inputs"]["x"].numpy().tolist() for piece in data.pieces(joined=False)]
    assert values == [[0, 1, 2, 3, 4], [5, 6], [7, 8, 9, 10]][:asked]


@pytest.mark.parametrize(
    ("row", "known", "expected"),
    [(np.zeros(4), None, 256), (np.zeros(4), 9, 9), (np.zeros(2**20), None, 4), (np.zeros(2**24), 9, 1)],
)
def test_room_in_a_block(row: np.ndarray, known: int | None, expected: int) -> None:
    assert slots_for(Arrays({"x": row[None].astype(np.float64)}, {}), known) == expected


def test_joining_and_filling() -> None:
    one, two = read(np.array([1.0, 2.0])), read(np.array([3.0]))
    both = joined([one, two])
    assert [both.inputs["x"].tolist(), both.targets["y"].tolist()] == [[1, 2, 3]] * 2
    assert both.weights is not None
    assert both.weights.tolist() == [1, 2, 3]
    assert joined([one]) is one
    more = filled(both, 5)
    assert more.inputs["x"].tolist() == more.targets["y"].tolist() == [1, 2, 3, 3, 3]
    assert filled(both, 3) is both
