from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib.data.arrays import Arrays
from netlib.spec.errors import UsageError
from netlib.training.stream import Stream, is_stream

X = np.arange(40, dtype=np.float32).reshape(20, 2)


def read(batch: Any) -> Arrays:
    x, *rest = batch if isinstance(batch, tuple) else (batch,)
    return Arrays({"x": np.asarray(x)}, {"y": np.asarray(rest[0])} if rest else {}, rest[1] if rest[1:] else None)


def cut(rows: int = 8) -> Iterator[np.ndarray]:
    return (X[start : start + rows] for start in range(0, len(X), rows))


class Again:
    """An iterable that begins anew."""

    def __init__(self) -> None:
        self.passes = 0

    def __iter__(self) -> Iterator[np.ndarray]:
        self.passes += 1
        return cut()


class Numbered(keras.utils.PyDataset):
    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> np.ndarray:
        return X[8 * index : 8 * (index + 1)]

    def on_epoch_begin(self) -> None:
        self.told.append("begin")

    def on_epoch_end(self) -> None:
        self.told.append("end")


def rows(stream: Stream) -> np.ndarray:
    return np.concatenate([np.zeros((0, 2)), *(batch.inputs["x"] for batch in stream.batches())])


@pytest.mark.parametrize(
    "value",
    [cut(), iter([X]), Again(), Numbered(), tf.data.Dataset.from_tensors(X), (x for x in [X]), {X.tobytes()}],
    ids=["generator", "iterator", "iterable", "PyDataset", "Dataset", "expression", "set"],
)
def test_what_gives_batches_is_a_stream(value: Any) -> None:
    assert is_stream(value)


@pytest.mark.parametrize(
    "value", [X, [1, 2], (1, 2), range(3), {"x": X}, tf.constant(X), "abc", None, 5, np.float32(1)]
)
def test_samples_are_no_stream(value: Any) -> None:
    assert not is_stream(value)


@pytest.mark.parametrize(
    ("source", "length"),
    [
        (Again(), None),
        (Numbered(), 3),
        (tf.data.Dataset.from_tensor_slices(X).batch(8), 3),
        (tf.data.Dataset.from_tensor_slices(X).filter(lambda x: True).batch(8), None),
        ({0: X, 1: X}.values(), 2),
    ],
)
def test_passes_give_the_same_anew(source: Any, length: int | None) -> None:
    stream = Stream(source, read, "the data")
    assert (stream.once, stream.length) == (False, length)
    first, second = rows(stream), rows(stream)
    np.testing.assert_array_equal(first[: len(X)], X)
    np.testing.assert_array_equal(first, second)


def test_reading_the_first_batch_opens_no_pass_of_its_own() -> None:
    source = Again()
    stream = Stream(source, read, "the data")
    rows(stream)
    assert source.passes == 1
    rows(stream)
    assert source.passes == 2


def test_a_dataset_of_keras_is_told_of_its_passes() -> None:
    source = Numbered()
    stream = Stream(source, read, "the data")
    rows(stream)
    rows(stream)
    assert source.told == ["begin", "end"] * 2


def test_an_iterator_gives_each_batch_once_and_is_gone_on_with() -> None:
    stream = Stream(cut(), read, "the data")
    assert stream.once
    assert len(stream.first) == stream.rows == 8
    coming = stream.batches()
    np.testing.assert_array_equal(next(coming).inputs["x"], X[:8])
    del coming
    np.testing.assert_array_equal(rows(stream), X[8:])
    assert len(rows(stream)) == 0


def test_batches_can_be_changed() -> None:
    stream = Stream(Again(), read, "the data")
    stream.change(lambda samples: Arrays(samples.inputs, {}, np.full(len(samples), 2, np.float32)))
    assert stream.first.weights is not None
    assert [batch.weights.tolist() for batch in stream.batches() if batch.weights is not None] == [
        [2] * 8,
        [2] * 8,
        [2] * 4,
    ]


@pytest.mark.parametrize("source", [iter(()), {}.values(), tf.data.Dataset.from_tensor_slices(X).take(0)])
def test_nothing_is_an_error(source: Any) -> None:
    with pytest.raises(UsageError, match=r"^the data gave no batch: it is empty, or at its end already$"):
        Stream(source, read, "the data")


Y = np.zeros(8, np.int32)
OTHER = "batch 2 of the data is of another form than the first: "


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ((X[:8, :1], Y), OTHER + r"input 'x' is \(batch, 1\) float32, in the first \(batch, 2\) float32$"),
        ((X[:8].astype(int), Y), OTHER + r"input 'x' is \(batch, 2\) int64, in the first \(batch, 2\) float32$"),
        ((X[:8],), OTHER + "target 'y' is missing$"),
        ((X[:8], Y, Y.astype("f")), OTHER + "sample weights was not in the first$"),
        (
            (X[:9], np.zeros(9, np.int32)),
            "batch 2 of the data has 9 samples, the first 8; a batch has at least one and no",
        ),
        ((X[:0], Y[:0]), "batch 2 of the data has 0 samples, the first 8"),
    ],
)
def test_batches_unlike_the_first_are_refused(second: Any, message: str) -> None:
    stream = Stream(iter([(X[:8], Y), second]), read, "the data")
    with pytest.raises(UsageError, match=message):
        list(stream.batches())


def test_so_many_batches_of_each_pass() -> None:
    stream = Stream(Again(), read, "the data")
    for _ in range(2):
        assert [len(batch) for batch in stream.some(2)] == [8, 8]
    assert [len(batch) for batch in stream.some(None)] == [8, 8, 4]
    once = Stream(cut(), read, "the data")
    assert [[len(batch) for batch in once.some(number)] for number in (2, 1)] == [[8, 8], [4]]


@pytest.mark.parametrize(("asked", "gave", "wanted"), [(5, 3, "5"), (None, 0, "at least 1")])
def test_fewer_batches_than_were_asked_for(asked: int | None, gave: int, wanted: str) -> None:
    stream = Stream(cut(), read, "the data")
    if not gave:
        rows(stream)
    message = f"^the data ran dry: it gave {gave} batches, {wanted} were asked for; ask for fewer, let it go on, or give what can"
    with pytest.raises(UsageError, match=message):
        list(stream.some(asked))
