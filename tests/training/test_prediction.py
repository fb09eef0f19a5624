"""Prediction in pieces: one call on the device for many batches, the same bits whatever the size of a piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.data.arrays import Arrays
from netlib.training import predict_loop
from netlib.training.model import Model
from netlib.training.predict_loop import PIECE_BATCHES, PredictLoop
from netlib.training.prediction import Predictor

RNG = np.random.default_rng(4)
X = RNG.normal(size=(50, 4)).astype(np.float32)
ROWS = 8
BATCH_BYTES = ROWS * (4 + 3) * 4
"""Of a batch, with three outputs for each sample."""

MODES = ["graph", "eager", "xla"]

Ran = list[tuple[int, int]]
"""Samples and room of each call."""


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> Ran:
    """The calls of the loop, in their order."""
    calls: Ran = []
    run = PredictLoop.run

    def recorded(loop: PredictLoop, samples: Any, rows: int, room: int, first: int) -> Any:
        calls.append((len(samples), room))
        return run(loop, samples, rows, room, first)

    monkeypatch.setattr(PredictLoop, "run", recorded)
    return calls


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets the bytes of a piece."""
    return lambda size: monkeypatch.setattr(predict_loop, "PIECE_BYTES", size)


def compiled(nodes: Any, mode: str, **section: Any) -> Model:
    model = Model(nodes, seed=3, **section)
    model.compile("mse", execution=mode)
    return model


def cut(x: np.ndarray, *ends: int) -> Iterator[np.ndarray]:
    yield from np.split(x, ends)


@pytest.mark.parametrize("mode", MODES)
def test_the_bits_do_not_depend_on_the_piece(mode: str, ran: Ran, limit: Callable[[int], None]) -> None:
    """With random numbers too: those of a sample are of its place among all, not in its piece."""
    model = compiled([{"Dense": 6}, {"Dropout": 0.5, "training": True}, {"Dense": 3}], mode)
    whole = model.predict(X, batch_size=ROWS)
    assert ran == [(50, PIECE_BATCHES * ROWS)]
    for batches, expected in ((1, 7), (3, 3)):
        limit(batches * BATCH_BYTES)
        ran.clear()
        np.testing.assert_array_equal(model.predict(X, batch_size=ROWS), whole)
        assert len(ran) == expected
        assert {room for _, room in ran} == {batches * ROWS}
        assert sum(count for count, _ in ran) == 50
    assert not np.allclose(whole[:25], whole[25:])
    np.testing.assert_allclose(whole, reference().predict(X, batch_size=ROWS), rtol=1e-5, atol=1e-6)


def reference() -> Model:
    """The same network without a loss, which predicts as a graph."""
    return Model([{"Dense": 6}, {"Dropout": 0.5, "training": True}, {"Dense": 3}], seed=3)


def test_in_eager_mode_each_batch_is_a_call_of_the_model(ran: Ran) -> None:
    model = compiled([{"Dense": 3}], "eager")
    found = model.predict(X[:48], batch_size=ROWS)
    assert len(ran) == 1
    np.testing.assert_array_equal(found, np.concatenate([model(part) for part in np.split(X[:48], 6)]))


class Counting(nn.Layer[Any]):
    """How often Python has come by, which is once for each trace and not for each batch."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def call(self, x: tf.Tensor) -> tf.Tensor:
        self.calls += 1
        return x * 2.0


def test_a_smaller_last_piece_and_other_numbers_of_samples_are_not_traced_anew(limit: Callable[[int], None]) -> None:
    limit(2 * ROWS * 2 * 4 * 4)
    layer = Counting()
    model = Model([layer])
    np.testing.assert_array_equal(model.predict(X, batch_size=ROWS), X * 2)
    calls = layer.calls
    for count in (9, 16, 17, 31, 50):
        np.testing.assert_array_equal(model.predict(X[:count], batch_size=ROWS), X[:count] * 2)
    assert layer.calls == calls


def test_one_batch_is_not_filled_up_to_a_piece(ran: Ran) -> None:
    model = Model([{"Dense": 3}], seed=1)
    for count in (1, ROWS):
        np.testing.assert_allclose(model.predict(X[:count], batch_size=ROWS), model(X[:count]), rtol=1e-5, atol=1e-6)
    assert ran == [(1, ROWS), (ROWS, ROWS)]


def test_batches_of_a_stream_are_joined_up_to_a_smaller_one(ran: Ran, limit: Callable[[int], None]) -> None:
    model = Model([{"Dense": 3}], seed=1)
    expected = model.predict(X, batch_size=ROWS)
    ran.clear()
    np.testing.assert_array_equal(model.predict(cut(X, 8, 16, 24, 32, 40, 48)), expected)
    assert [count for count, _ in ran] == [50]
    ran.clear()
    np.testing.assert_allclose(model.predict(cut(X, 8, 16, 21, 29, 37, 45)), expected, rtol=1e-5, atol=1e-6)
    assert [count for count, _ in ran] == [21, 29]
    limit(2 * BATCH_BYTES)
    ran.clear()
    np.testing.assert_array_equal(model.predict(cut(X, 8, 16, 24, 32, 40, 48)), expected)
    assert ran == [(16, 16), (16, 16), (16, 16), (2, 16)]


@pytest.mark.parametrize("mode", MODES)
def test_sequences_whose_length_is_not_declared(mode: str, ran: Ran) -> None:
    """How large an output is cannot be told: a batch at a time."""
    nodes = [{"SimpleRNN": {"units": 3, "return_sequences": True}}]
    model = compiled(nodes, mode, inputs={"x": {"shape": [None, 2]}})
    for length in (5, 3):
        x = RNG.normal(size=(20, length, 2)).astype(np.float32)
        ran.clear()
        np.testing.assert_allclose(model.predict(x, batch_size=ROWS), model(x), rtol=1e-5, atol=1e-6)
        assert ran == [(8, 8), (8, 8), (4, 8)]


@pytest.mark.parametrize("mode", MODES)
def test_outputs_keep_their_names_shapes_and_dtypes(mode: str) -> None:
    nodes = [
        {"Dense": 3, "dtype": "mixed_bfloat16", "name": "values"},
        {"Compute": "argmax(values, axis=-1)", "name": "best"},
    ]
    model = Model(nodes=nodes, outputs={"values": "values", "best": "best"}, seed=3)
    model.compile({"values": "mse"}, execution=mode)
    found = model.predict(X, batch_size=ROWS)
    assert {name: (value.shape, value.dtype.name) for name, value in found.items()} == {
        "values": ((50, 3), "float32"),
        "best": ((50,), "int32"),
    }
    np.testing.assert_array_equal(found["best"], found["values"].argmax(axis=-1))


def test_batches_of_many_rows_are_cut_into_pieces(ran: Ran, limit: Callable[[int], None]) -> None:
    """Given some at once, which do not divide a piece, and then fewer: in their order, no piece larger than the others."""
    limit(3 * BATCH_BYTES)
    model = Model([{"Dense": 3}], seed=1)
    whole = model.predict(X, batch_size=ROWS)
    ran.clear()
    given = [Arrays({"input": X[start:end]}, {}) for start, end in ((0, 16), (16, 32), (32, 45), (45, 50))]
    parts = list(Predictor(model, None).parts(given, ROWS))
    np.testing.assert_array_equal(np.concatenate([next(iter(part.values())) for part in parts]), whole)
    assert [samples for samples, _ in ran] == [24, 21, 5]
    assert {room for _, room in ran} == {24}
