"""Rows of npy files that are copied when they are wanted. Their values: test_file_streams.py."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from netlib.data.sources.array_stream import CHUNK_BYTES
from netlib.data.sources.npy import reader
from netlib.data.streaming import Reader
from netlib.spec.errors import NetlabError
from netlib.spec.sources.npy import Npy


def opened(folder: Path, x: np.ndarray) -> Reader:
    np.save(folder / "x.npy", x)
    found = reader(Npy.parse({"inputs": str(folder / "x.npy"), "targets": []}))
    assert found is not None
    return found


def test_rows_in_the_order_in_which_they_are_wanted(tmp_path):
    x = np.asfortranarray(np.arange(60, dtype=np.uint8).reshape(20, 3))
    taken = opened(tmp_path, x).take(np.array([7, 2, 19])).inputs["x"]
    np.testing.assert_array_equal(taken, x[[7, 2, 19]])
    assert taken.dtype == np.uint8


def test_rows_that_lie_together_are_read_together(tmp_path):
    found = opened(tmp_path, np.zeros((5, 1024), np.float64))
    assert (found.rows, found.row_bytes, found.chunk) == (5, 4096, CHUNK_BYTES // 4096)


def test_a_number_that_cannot_be_held_is_named_with_its_row(tmp_path):
    x = np.zeros((9, 2))
    x[6, 1] = 1e300
    found = opened(tmp_path, x)
    np.testing.assert_array_equal(found.some("x", np.array([0, 5])), np.zeros((2, 2)))
    with pytest.raises(NetlabError, match=r"x\.npy has 1e\+300 in row 6, which float32 cannot hold"):
        found.take(np.array([8, 6, 1]))


def test_a_file_that_is_cut_off_meanwhile(tmp_path):
    found = opened(tmp_path, np.zeros((9, 2)))
    (tmp_path / "x.npy").write_bytes((tmp_path / "x.npy").read_bytes()[:-50])
    with pytest.raises(NetlabError, match=r"x\.npy is damaged: its values cannot be mapped"):
        found.take(np.array([1]))
