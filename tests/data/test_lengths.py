"""Padded rows by their length."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from netlib.data.arrays import Arrays
from netlib.data.lengths import by_length, lengths_of

ROWS = arrays.arrays(np.int32, st.tuples(st.integers(1, 12), st.integers(1, 9)), elements=st.integers(0, 2))


def length(row: np.ndarray) -> int:
    values = row.tolist()
    while values and not np.any(values[-1]):
        values.pop()
    return len(values)


@given(ROWS)
def test_a_row_is_as_long_as_what_is_left_without_the_zeros_at_its_end(rows: np.ndarray) -> None:
    assert lengths_of(rows).tolist() == [length(row) for row in rows]
    assert lengths_of(np.stack([rows * 0.0, rows * 0.5], axis=2)).tolist() == [length(row) for row in rows]


@given(ROWS, st.data())
def test_each_sample_is_in_the_smallest_bucket_that_holds_it(rows: np.ndarray, data: st.DataObject) -> None:
    whole = rows.shape[1]
    lengths = sorted({*data.draw(st.sets(st.integers(1, whole))), whole})
    other = data.draw(arrays.arrays(np.int32, rows.shape, elements=st.integers(0, 1)))
    number = np.arange(len(rows), dtype=np.int32)
    samples = Arrays({"a": rows, "n": number}, {"b": other, "n2": number}, number.astype(np.float32))
    found = list(by_length(samples, ("a", "b"), lengths))
    assert [size for size, _ in found] == sorted(size for size, _ in found)
    assert sorted(n for _, part in found for n in part.inputs["n"].tolist()) == number.tolist()
    for size, part in found:
        kept = part.inputs["n"]
        assert (np.diff(kept) > 0).all()
        np.testing.assert_array_equal(part.inputs["a"], rows[kept, :size])
        np.testing.assert_array_equal(part.targets["b"], other[kept, :size])
        np.testing.assert_array_equal(part.targets["n2"], kept)
        np.testing.assert_array_equal(part.weights, kept)
        longest = [max(length(rows[n]), length(other[n])) for n in kept]
        assert all(size == min(each for each in lengths if each >= needed) for needed in longest)


def test_a_sample_that_is_all_padding_is_in_the_first() -> None:
    ((size, part),) = by_length(Arrays({"a": np.zeros((2, 4), np.int32)}, {}), ["a"], [2, 4])
    assert (size, part.inputs["a"].shape) == (2, (2, 2))
    with pytest.raises(KeyError):
        part.targets["a"]
