"""Samples in memory: length, selection, fingerprint."""

from __future__ import annotations

import hashlib
import tracemalloc

import numpy as np
import pytest

from netlib.data.arrays import Arrays


def some(**changes: object) -> Arrays:
    fields = {
        "inputs": {"a": np.arange(6, dtype=np.float32).reshape(3, 2), "b": np.arange(3, dtype=np.int32)},
        "targets": {"y": np.array([5, 6, 7], np.int32)},
    }
    return Arrays(**{**fields, **changes})  # type: ignore[arg-type]


def test_length_is_the_number_of_samples():
    assert len(some()) == 3


def test_take_keeps_rows_together():
    taken = some(weights=np.array([0.5, 1, 2], np.float32)).take(np.array([2, 0]))
    assert len(taken) == 2
    np.testing.assert_array_equal(taken.inputs["a"], [[4, 5], [0, 1]])
    np.testing.assert_array_equal(taken.inputs["b"], [2, 0])
    np.testing.assert_array_equal(taken.targets["y"], [7, 5])
    np.testing.assert_array_equal(taken.weights, [2, 0.5])


def test_rows_are_those_of_the_source_however_often_it_is_taken_from():
    assert some().row(1) == 1
    once = some().take(np.array([2, 0]))
    assert (once.row(0), once.row(1)) == (2, 0)
    assert once.take(np.array([1])).row(0) == 0


def test_the_fingerprint_is_the_documented_hash():
    digest = hashlib.sha256()
    digest.update(b"('inputs', 'x', '<f4', (2, 1))" + np.array([1, 2], "<f4").tobytes())
    digest.update(b"('targets', 'y', '<i4', (2,))" + np.array([3, 4], "<i4").tobytes())
    arrays = Arrays({"x": np.array([[1], [2]], np.float32)}, {"y": np.array([3, 4], np.int32)})
    assert arrays.fingerprint() == digest.hexdigest()


@pytest.mark.parametrize(
    "other",
    [
        some(targets={"y": np.array([5, 6, 8], np.int32)}),
        some(targets={"z": np.array([5, 6, 7], np.int32)}),
        some(targets={"y": np.array([[5], [6], [7]], np.int32)}),
        some(targets={"y": np.array([5, 6, 7], np.uint32)}),
        some(targets={}),
        some(weights=np.ones(3, np.float32)),
        some().take(np.array([1, 0, 2])),
    ],
)
def test_the_fingerprint_tells_apart(other):
    assert other.fingerprint() != some().fingerprint()


def test_the_fingerprint_does_not_depend_on_memory_or_the_order_of_names():
    a, b = some().inputs["a"], some().inputs["b"]
    same = some(inputs={"b": b, "a": np.asfortranarray(a)})
    assert same.fingerprint() == some().fingerprint()
    assert some().take(np.arange(3)).fingerprint() == some().fingerprint()


def test_the_fingerprint_of_a_view_is_that_of_its_copy_whatever_the_block(monkeypatch):
    windows = np.lib.stride_tricks.sliding_window_view(np.arange(40, dtype=np.float32).reshape(20, 2), 5, axis=0)
    for block in (1, 100, 1 << 24):
        monkeypatch.setattr("netlib.data.arrays.BLOCK", block)
        assert Arrays({"x": windows}, {}).fingerprint() == Arrays({"x": windows.copy()}, {}).fingerprint()


def test_the_fingerprint_of_windows_takes_no_more_memory_than_a_block(monkeypatch):
    monkeypatch.setattr("netlib.data.arrays.BLOCK", 1 << 20)
    windows = np.lib.stride_tricks.sliding_window_view(np.zeros((50_000, 2), np.float32), 100, axis=0)  # 40 MB
    tracemalloc.start()
    Arrays({"x": windows}, {}).fingerprint()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 << 20
