from __future__ import annotations

import re

import numpy as np
import pytest

from netlib.spec.errors import SpecError
from netlib.spec.tensor_expressions import TensorExpression
from netlib.spec.tensor_functions.arguments import list_shape
from netlib.spec.tensor_functions.dtypes import limits, promoted
from netlib.spec.tensors import DTYPE_BYTES, TensorSpec

HERE = {
    "x": TensorSpec((None, 4, 6)),
    "z": TensorSpec((None, 6)),
    "w": TensorSpec((6, 3)),
    "v": TensorSpec((6,)),
    "i": TensorSpec((None,), "int32"),
    "s": TensorSpec((None, None, 6)),
    "c": TensorSpec(()),
}

MISTAKES = {
    # axes
    "sum(x, axis=3)": "in 'sum(x, axis=3)': axis 3 is out of range: the tensor has axes -3 to 2",
    "sum(c, axis=0)": "axis 0 is out of range: the tensor has no axes",
    "sum(x, axis=[1, -2])": "axis [1, -2] names an axis twice",
    "sum(x, axis='a')": "'axis' takes an integer, got 'a'",
    "sum(x, axis=1.5)": "'axis' takes an integer, got 1.5",
    "sum(x, axis=v)": "'axis' takes an integer, got the tensor",
    "sum(x, keepdims=1)": "'keepdims' takes true or false, got 1",
    "norm(x, ord=3)": "'ord' is 1, 2 or inf, got 3.0",
    "top_k(x, 7)": "'k' is 7, and the last axis of (batch, 4, 6) has 6 elements",
    "top_k(x, 0)": "'k' is 0",
    "any(x)": "a bool tensor is needed here, got float32",
    # products
    "matmul(c, w)": "the shapes () and (6, 3) do not fit each other: a matrix product needs at least one axis in each",
    "dot(c, w)": "a dot product needs at least one axis in each",
    "outer(c, v)": "an outer product needs at least one axis in each",
    "dot(z, z)": "the shapes (batch, 6) and (batch, 6) do not fit each other: the last axis of the first must equal",
    "x @ v[:4]": "the shapes (batch, 4, 6) and (4) do not fit each other",
    "einsum('bi,ij', z, w)": "einsum needs an equation such as 'ij,jk->ik', got 'bi,ij'",
    "einsum('b1->b', z)": "einsum needs an equation such as",
    "einsum('bi,ij->bj', z)": "'bi,ij->bj' is for 2 tensors, got 1",
    "einsum('bi->bk', z)": "the letters after '->' in 'bi->bk' stand there once each, and before it too",
    "einsum('bi->bb', z)": "stand there once each",
    "einsum('bij->b', z)": "'bij' in 'bij->b' names 3 axes, and the tensor is (batch, 6)",
    "einsum('bi,ji->bj', z, w)": "the shapes (batch, 6) and (6, 3) do not fit each other",
    "einsum(z, z)": "'equation' takes text in quotes, got the tensor (batch, 6)",
    # shapes
    "reshape(x, 3)": "'shape' takes a list of lengths, got 3",
    "reshape(x, [-2])": "a shape has lengths, null and at most one -1, got [-2]",
    "transpose(x, [0, 1])": "the order [0, 1] does not name every axis of (batch, 4, 6) once",
    "expand_dims(z, 3)": "axis 3 is out of range: the tensor has axes -3 to 2",
    "squeeze(x, 1)": "axis 1 of (batch, 4, 6) cannot be squeezed: its length is not 1",
    "squeeze(x, 0)": "axis 0 of (batch, 4, 6) cannot be squeezed",
    "tile(x, [1, 2])": "'repeats' needs a positive number for each axis of (batch, 4, 6), got [1, 2]",
    "repeat(x, 0, axis=1)": "'repeats' is a positive number, got 0",
    "broadcast_to(z, [null])": "(batch, 6) cannot be broadcast to [null]: null stands for an axis of x",
    "broadcast_to(v, [2, 5])": "the shapes (6) and (2, 5) do not fit each other",
    "broadcast_to(z, [3, 6])": "(batch, 6) cannot be broadcast to [3, 6]: the batch has any length, write null for it",
    "broadcast_to(v, [1])": "(6) cannot be broadcast to [1]",
    "pad(x, [[1, 1]])": "'paddings' needs a pair of numbers for each axis of (batch, 4, 6), got [[1, 1]]",
    "pad(x, [1, 1, 1])": "'paddings' takes a list of pairs of integers, got a list",
    "pad(z, [[0, 0], [0, 6]], 'reflect')": "axis 1 of (batch, 6) can be padded with at most 5 in mode 'reflect', got [0, 6]",
    "pad(z, [[0, 0], [0, 6]], 'wrap')": "'mode' is 'constant', 'reflect' or 'symmetric', got 'wrap'",
    "triu(v)": "a triangle needs two axes, got (6)",
    # joining and choosing
    "concatenate([x, z])": "the shapes (batch, 4, 6) and (batch, 6) do not fit each other: they have different numbers of axes",
    "concatenate([w, w @ eye(3)[:, :2]], axis=0)": "the shapes (6, 3) and (6, 2) do not fit each other",
    "concatenate(x)": "'tensors' takes a list of tensors, got the tensor (batch, 4, 6)",
    "stack([], axis=0)": "'tensors' takes a list of tensors, got an empty list",
    "stack([z, w], axis=0)": "the shapes (batch, 6) and (6, 3) do not fit each other",
    "split(x, 4)": "an axis of 6 of (batch, 4, 6) cannot be split into 4 equal parts",
    "split(x, 2, axis=0)": "the batch of (batch, 4, 6) has any length and cannot be split into 2 equal parts",
    "split(x, [4, 2])": "the indices to split (batch, 4, 6) at ascend from 0 to 6, got [4, 2]",
    "unstack(x, axis=0)": "axis 0 of (batch, 4, 6) cannot be unstacked: its length must be known",
    "take(w, z)": "indices are integers, got float32; write int(...) around them",
    "take_along_axis(x, i)": "the shapes (batch, 4, 6) and (batch) do not fit each other: the indices need as many axes",
    "one_hot(i, 0)": "'num_classes' is a positive number, got 0",
    # making
    "zeros([2, -1])": "a shape has lengths from 0 on, got",
    "zeros([100000, 100000])": "a tensor made by an expression has at most 268435456 elements, got 10000000000",
    "range(1000000000000)": "has at most 268435456 elements",
    "range(1, 5, 0)": "'step' cannot be 0",
    "like(z, x)": "the first tensor of 'like' has no batch axis, got (batch, 6)",
    "like(v, w)": "the second tensor of 'like' has a batch axis in front, got (6, 3)",
    "size(x, 0)": "the length of axis 0 of (batch, 4, 6) is not known before the run",
    "size(s, 1)": "the length of axis 1 of (batch, ?, 6) is not known before the run",
    "cast(x, 'float23')": "there is no dtype 'float23'; did you mean 'float32'?",
    "cast(x, 'zzz')": "there is no dtype 'zzz' (known: ",
    "full([2], 'a')": "'value' takes a number, got 'a'",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_what_a_function_does_not_take(text):
    with pytest.raises(SpecError, match=re.escape(MISTAKES[text])):
        TensorExpression.parse(text).infer(HERE)


UNKNOWN = {
    "s + v": (None, None, 6),
    "concatenate([s, x], axis=1)": (None, None, 6),
    "concatenate([s, x])": (None, 4, 12),
    "stack([s, x], axis=1)": (None, 2, 4, 6),
    "s @ w": (None, None, 3),
    "einsum('bti,bui->btu', s, x)": (None, None, 4),
    "split(s, [2], axis=1)[0]": (None, 2, 6),
    "split(s, [2], axis=1)[1]": (None, None, 6),
    "split(s, 2, axis=1)[0]": (None, None, 6),
    "repeat(s, 2, axis=1)": (None, None, 6),
    "pad(s, [[0, 0], [1, 0], [0, 0]])": (None, None, 6),
    "max(s, axis=1)": (None, 6),
    "s[:, 0]": (None, 6),
}


@pytest.mark.parametrize("text", UNKNOWN)
def test_unknown_axes_are_carried_through(text):
    assert TensorExpression.parse(text).infer(HERE).outputs[0].shape == UNKNOWN[text]


@pytest.mark.parametrize("one", DTYPE_BYTES)
@pytest.mark.parametrize("two", DTYPE_BYTES)
def test_dtypes_are_promoted_as_in_numpy_but_for_integers_beside_floats(one, two):
    assert promoted(one, two) == promoted(two, one)
    floats = [dtype for dtype in (one, two) if "float" in dtype]
    if len(floats) == 1:
        assert promoted(one, two) == floats[0]
    elif {one, two} == {"float16", "bfloat16"}:
        assert promoted(one, two) == "float32"
    elif "bfloat16" not in (one, two):
        assert promoted(one, two) == np.result_type(one, two).name


@pytest.mark.parametrize("dtype", [dtype for dtype in DTYPE_BYTES if "int" in dtype])
def test_limits_are_numpys(dtype):
    assert limits(dtype) == (np.iinfo(dtype).min, np.iinfo(dtype).max)


def test_the_shape_of_lists():
    assert [list_shape(value) for value in (1, [], [1, 2], [[1], [2]], [[1], [2, 3]])] == [(), (0,), (2,), (2, 1), None]
    with pytest.raises(SpecError, match="'y' takes a tensor or a number, got a list"):
        TensorExpression.parse("x + [[1], [2, 3]]").infer(HERE)
