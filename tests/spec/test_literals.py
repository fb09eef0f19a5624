from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from netlib.spec.literals import MAX_DEPTH, Numbers, dtype_of, shape_of

numbers: Any = TypeAdapter(Numbers).validate_python
leaves = st.booleans() | st.integers(-1000, 1000) | st.floats(-1000, 1000)


@given(st.lists(st.integers(1, 3), max_size=3), st.data())
def test_shape_and_dtype_are_those_of_numpy(lengths: list[int], data: st.DataObject) -> None:
    def nest(axes: list[int]) -> Any:
        return [nest(axes[1:]) for _ in range(axes[0])] if axes else data.draw(leaves)

    value = nest(lengths)
    array = np.array(value)
    assert shape_of(value) == array.shape == tuple(lengths)
    assert {"bool": "bool", "int32": "int64", "float32": "float64"}[dtype_of(value)] == array.dtype.name
    assert numbers(value) == value


@pytest.mark.parametrize(
    ("value", "received"),
    [
        ("3", "'3'"),
        ([1, "a"], "'a'"),
        ([], "[]"),
        ([[]], "[]"),
        ({"a": 1}, "a mapping"),
        ([[1], [1, 2]], "items of the shapes [1] and [2]"),
        ([1, [1]], "items of the shapes [] and [1]"),
        ([None], "nothing"),
    ],
)
def test_what_are_no_numbers(value: Any, received: str) -> None:
    message = f"expected a number, or lists of numbers in which all rows are equally long, got {received}"
    with pytest.raises(ValidationError, match=re.escape(message)):
        numbers(value)


def test_depth_is_bounded() -> None:
    def nest(depth: int) -> Any:
        return [nest(depth - 1)] if depth else 1

    assert shape_of(numbers(nest(MAX_DEPTH))) == (1,) * MAX_DEPTH
    with pytest.raises(ValidationError, match="expected a number, or lists of numbers"):
        numbers(nest(MAX_DEPTH + 1))


@pytest.mark.parametrize(
    ("value", "plain", "dtype"),
    [
        (np.float64(1.5), 1.5, "float32"),
        (np.float32(0.5), 0.5, "float32"),
        (np.int64(7), 7, "int32"),
        (np.bool_(True), True, "bool"),
        (np.arange(3), [0, 1, 2], "int32"),
        ([np.ones(2), (np.float64(2), 3)], [[1.0, 1.0], [2.0, 3]], "float32"),
    ],
)
def test_arrays_and_numbers_of_numpy_are_numbers(value: Any, plain: Any, dtype: str) -> None:
    made = numbers(value)
    assert made == plain
    assert repr(made) == repr(plain)
    assert dtype_of(made) == dtype


@pytest.mark.parametrize("value", [np.array("a"), np.array(1j), np.zeros([2, 0]), np.array([None])])
def test_arrays_of_something_else_are_refused(value: Any) -> None:
    with pytest.raises(ValidationError, match="expected a number, or lists of numbers"):
        numbers(value)
