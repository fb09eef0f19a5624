from __future__ import annotations

from math import prod
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlib.spec.errors import SpecError
from netlib.spec.layers.shaping import Flatten, Permute, RepeatVector, Reshape
from netlib.spec.tensors import TensorSpec


def test_flatten() -> None:
    assert Flatten.parse({}).output_shape((None, 3, 4)) == (None, 12)
    assert Flatten.parse({}).output_shape((None, None, 4)) == (None, None)
    assert Flatten.parse({}).output_shape((None,)) == (None, 1)
    with pytest.raises(SpecError, match=r"Flatten needs an input of rank 1 or more, got \(\)"):
        Flatten.parse({}).output_shape(())


def test_both_keep_the_dtype() -> None:
    for layer in (Flatten.parse({}), Reshape.parse([4])):
        assert layer.outputs(TensorSpec((None, 2, 2), "uint8")) == {"output": TensorSpec((None, 4), "uint8")}


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.data())
def test_one_entry_may_be_left_open(axes: list[int], data: st.DataObject) -> None:
    size = prod(axes)
    position = data.draw(st.integers(0, len(axes) - 1))
    target = [-1 if i == position else axis for i, axis in enumerate(axes)]
    assert Reshape.parse(target).output_shape((None, size)) == (None, *axes)
    assert Reshape.parse(axes).output_shape((None, 1, size)) == (None, *axes)


def test_unknown_axes_leave_the_open_entry_unknown() -> None:
    assert Reshape.parse([-1, 2]).output_shape((None, None, 4)) == (None, None, 2)
    assert Reshape.parse([3, 2]).output_shape((None, None, 4)) == (None, 3, 2)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ([5], r"Reshape cannot make \[5\], 5 elements, of \(batch, 3, 4\), 12 elements"),
        ([24], r"Reshape cannot make \[24\], 24 elements, of \(batch, 3, 4\), 12 elements"),
        ([5, -1], r"Reshape cannot make \[5, -1\], a multiple of 5 elements, of \(batch, 3, 4\), 12 elements"),
        ([24, -1], r"Reshape cannot make \[24, -1\], a multiple of 24 elements, of"),
    ],
)
def test_elements_must_fit(target: list[int], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        Reshape.parse(target).output_shape((None, 3, 4))


@pytest.mark.parametrize("target", [[0], [-2, 3], [-1, -1]])
def test_entries_are_lengths(target: Any) -> None:
    with pytest.raises(SpecError, match=r"target_shape: expected positive integers and at most one -1, got \["):
        Reshape.parse(target)


def test_permute_exchanges_the_axes_of_the_sample() -> None:
    assert Permute.parse([3, 1, 2]).output_shape((None, 4, None, 6)) == (None, 6, 4, None)
    assert Permute.parse([1]).outputs(TensorSpec((None, 4), "uint8"))["output"] == TensorSpec((None, 4), "uint8")
    with pytest.raises(SpecError, match=r"Permute with dims \[2, 1\] needs an input of rank 3, got \(batch, 4\)"):
        Permute.parse([2, 1]).output_shape((None, 4))


@pytest.mark.parametrize("dims", [[], [0, 1], [1, 1], [1, 3], [-1, 1]])
def test_permute_needs_each_axis_once(dims: list[int]) -> None:
    with pytest.raises(SpecError, match=r"dims: expected the axes from 1 on, each once, got \["):
        Permute.parse(dims)


def test_a_vector_is_repeated() -> None:
    assert RepeatVector.parse(3).output_shape((None, None)) == (None, 3, None)
    assert RepeatVector.parse(3).outputs(TensorSpec((None, 2), "int32"))["output"].dtype == "int32"
    with pytest.raises(
        SpecError, match=r"RepeatVector needs an input of rank 2, \(batch, features\), got \(batch, 4, 2\)"
    ):
        RepeatVector.parse(3).output_shape((None, 4, 2))
