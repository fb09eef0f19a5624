from __future__ import annotations

import contextlib
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.spec.errors import SpecError
from netlib.spec.syntax import MAX_CHARACTERS, MAX_DEPTH
from netlib.spec.tensor_expressions import FUNCTION_NAMES, TensorExpression, documented
from netlib.spec.tensors import TensorSpec

HERE = {
    "x": TensorSpec((None, 20)),
    "image": TensorSpec((None, 4, 4, 3), "uint8"),
    "words": TensorSpec((None, None, 8)),
    "w": TensorSpec((20, 5)),
    "nest.A.0": TensorSpec((2,)),
    "nest.A.1": TensorSpec((2,)),
    "experts.0": TensorSpec((None, 3)),
    "experts.1": TensorSpec((None, 3)),
}

CHAINS = {
    "x": [("x",)],
    "x + y * x": [("x",), ("y",)],
    "y + x": [("y",), ("x",)],
    "x[0]": [("x", 0)],
    "x[0][1]": [("x", 0, 1)],
    "x[-1]": [("x",)],
    "x[0, 1]": [("x",)],
    "x[0][:, y]": [("x", 0), ("y",)],
    "nest.A[0] + nest.B[1].c": [("nest", "A", 0), ("nest", "B", 1, "c")],
    "stage.skip + linear": [("stage", "skip"), ("linear",)],
    "sum(x, axis=n)": [("x",), ("n",)],
    "sum + sum(x)": [("sum",), ("x",)],
    "pi * x if true else inf": [("x",)],
    "[a, (b, c)]": [("a",), ("b",), ("c",)],
    "1 + 2": [],
}


@pytest.mark.parametrize("text", CHAINS)
def test_chains(text):
    assert list(TensorExpression.parse(text).chains) == CHAINS[text]


def test_an_expression_is_its_text():
    one, two = TensorExpression.parse("x + 1"), TensorExpression.parse("x + 1")
    assert one == two
    assert hash(one) == hash(two)
    assert one != TensorExpression.parse("x+1")
    with pytest.raises(AttributeError):
        one.text = "x"


OUTPUTS = {
    "x @ w": "(batch, 5) float32",
    "x / 2": "(batch, 20) float32",
    "image / 2": "(batch, 4, 4, 3) float32",
    "image + 1": "(batch, 4, 4, 3) uint8",
    "nest.A": "(2) float32 | (2) float32",
    "nest.A[0] * nest.A[-1]": "(2) float32",
    "nest.A[:1]": "(2) float32",
    "nest": "(2) float32 | (2) float32",
    "stack(experts, axis=1)": "(batch, 2, 3) float32",
    "experts[1]": "(batch, 3) float32",
    "words + 1": "(batch, ?, 8) float32",
    "words[:, 1:]": "(batch, ?, 8) float32",
    "words[:, 1:, 1:]": "(batch, ?, 7) float32",
    "concatenate([words, words], axis=1)": "(batch, ?, 8) float32",
    "reshape(words, [null, -1])": "(batch, ?) float32",
    "reshape(words, [null, null, 2, 4])": "(batch, ?, 2, 4) float32",
    "x[:, 3]": "(batch) float32",
    "x, 3": "(batch, 20) float32 | () int32",
}


@pytest.mark.parametrize("text", OUTPUTS)
def test_outputs(text):
    outputs = TensorExpression.parse(text).infer(HERE).outputs
    assert " | ".join(map(str, outputs)) == OUTPUTS[text]


COUPLING = {
    "x + 1": False, "sum(x, axis=1)": False, "sum(x)": True,
    "mean(x, axis=0)": True, "softmax(x)": False, "softmax(x, axis=0)": True,
    "cumsum(x, axis=0)": True, "sort(x, axis=0)": True, "norm(x)": False, "norm(x, axis=[0, 1])": True,
    "l2_normalize(x, axis=0)": True, "transpose(x)": True,
    "transpose(transpose(x))": False, "swapaxes(words, 0, 1)": True, "swapaxes(words, 1, 2)": False,
    "transpose(x) @ x": True, "x @ transpose(x)": True, "x @ w": False, "roll(x, 1, axis=0)": True, "flip(x, axis=0)": True,
    "flip(x, axis=1)": False, "reshape(x, [-1, 4, 5])": False, "reshape(x, [-1, 4])": True, "concatenate([x, x], axis=0)": True,
    "concatenate([x, x])": False, "x[0]": True, "x[:1]": True, "x[:, 0]": False, "x[::-1]": True, "x[:, None] - x[None]": True,
    "einsum('bi,bj->bij', x, x)": False, "einsum('bi,ci->bc', x, x)": True, "einsum('bi->i', x)": True,
    "max(transpose(x), axis=1)": True,
    "sum(transpose(x), axis=0)": False, "sum(stack([x, x], axis=0), axis=0)": False,
    "sum(stack([x, x], axis=0), axis=1)": True,
    "sum(expand_dims(x, 0), axis=0)": False, "sum(w)": False, "top_k(x, 2)": False, "repeat(x, 2, axis=0)": True,
    "tile(x, [2, 1])": True, "take(w, int(x[:, 0]))": False, "take(x, [0], axis=0)": True, "pad(x, [[1, 0], [0, 0]])": True,
    "moments(x, axis=0)": True, "unstack(x, axis=1)[0]": False, "argmax(x, axis=0)": True, "swapaxes(x, 0, 1)[0]": False,
}  # fmt: skip


@pytest.mark.parametrize("text", COUPLING)
def test_which_expressions_couple_rows(text):
    assert TensorExpression.parse(text).infer(HERE).couples_rows is COUPLING[text]


MACS = {
    "x * 2": 0,
    "x @ w": 20 * 5,
    "(x @ w) @ transpose(w)": 2 * 20 * 5,
    "w @ transpose(w)": 20 * 5 * 20,
    "words @ eye(8)": None,
    "image @ ones([3, 7])": 4 * 4 * 3 * 7,
    "x @ w[:, 0]": 20,
    "transpose(x) @ x": 20 * 20,
    "x @ transpose(x)": None,
    "dot(x, w)": 20 * 5,
    "outer(x, x)": 0,
    "einsum('bi,ij->bj', x, w)": 20 * 5,
    "einsum('bi,bj->bij', x, x)": 0,
    "einsum('bi,bi->b', x, x)": 20,
    "einsum('bi,ij,j->b', x, w, w[0])": 20 * 5 + 5,
    "einsum('bi->b', x)": 0,
    "sum(x)": 0,
}


@pytest.mark.parametrize("text", MACS)
def test_multiply_accumulates_are_those_of_matrix_products(text):
    assert TensorExpression.parse(text).infer(HERE).macs == MACS[text]


@pytest.mark.parametrize(
    ("text", "dtype"),
    {
        "i32 + 1": "int32", "i32 * 2.5": "bfloat16", "i32 / i32": "bfloat16", "i32 + i64": "int64", "i32 * f32": "float32",
        "f16 * 2.5": "float16", "f16 + f32": "float32", "f16 + b16": "float32", "f32 + f64": "float64", "u8 + i8": "int16",
        "u8 + i32": "int32", "b + b": "int32", "b * f16": "float16", "b + u8": "uint8", "-b": "int32", "b == true": "bool",
        "u8 * 0.5": "bfloat16", "sum(u8)": "int32", "sum(i64)": "int64", "mean(i32)": "bfloat16", "u32 + i32": "int64",
        "where(b, 1, i64)": "int64", "where(b, 1, 0.5)": "bfloat16", "b if b else b": "bool", "exp(2) * i32": "bfloat16",
        "f64 ** 2": "float64", "i32 ** -1": "bfloat16", "u64 + i64": "float64", "concatenate([f16, i32])": "float16",
    }.items(),
)  # fmt: skip
def test_dtypes(text, dtype):
    names = {"i32": "int32", "i64": "int64", "i8": "int8", "u8": "uint8", "u32": "uint32", "u64": "uint64", "b": "bool"}
    names |= {"f16": "float16", "b16": "bfloat16", "f32": "float32", "f64": "float64"}
    here = {name: TensorSpec((3,), known) for name, known in names.items()}
    assert TensorExpression.parse(text).infer(here, "bfloat16").outputs[0].dtype == dtype


LANGUAGE = "; it has values, arithmetic"
SYNTAX = {
    "": "'' is not an expression: invalid syntax",
    "x +": "'x +' is not an expression: invalid syntax",
    "x = 3": "is not an expression",
    "relo(x)": "there is no function 'relo'; did you mean 'relu'?",
    "zzzz(x)": "there is no function 'zzzz'; `netlab layers Compute` lists them",
    "x.sum()": "there is no function 'x.sum'",
    "sum()": "'sum' needs 'x'; it is sum(x, axis=null, keepdims=false)",
    "sum(x, 1, true, 4)": "'sum' takes at most 3 arguments, got 4; it is sum(",
    "relu(x, 1)": "'relu' takes at most 1 argument, got 2; it is relu(x)",
    "sum(x, axes=1)": "'sum' has no parameter 'axes'; did you mean 'axis'?",
    "sum(x, zzz=1)": "'sum' has no parameter 'zzz'; it is sum(",
    "sum(x, x=1)": "'sum' got 'x' twice",
    "einsum('b->b')": "'einsum' needs 'operands'; it is einsum(equation, ...)",
    "sum(**x)": "cannot have 'x'; it stands for keyword arguments",
    "sum(*x)": "cannot have '*x'" + LANGUAGE,
    "x ^ 2": "cannot have 'x ^ 2'; write '**' for a power, and 'and' and 'or' for logic",
    "x & y": "write '**' for a power, and 'and' and 'or' for logic",
    "~x": "cannot have '~x'; write 'not'",
    "x is y": "cannot have 'x is y'; values are compared with",
    "x in y": "cannot have 'x in y'; values are compared with",
    "(x + 1).T": "cannot have '(x + 1).T'; only a name has fields",
    "lambda: 1": "cannot have 'lambda: 1'" + LANGUAGE,
    "{1: 2}": "cannot have '{1: 2}'" + LANGUAGE,
    "f'{x}'": "cannot have 'f'{x}''" + LANGUAGE,
    "[a for a in x]": "cannot have '[a for a in x]'" + LANGUAGE,
    "x[1:2][...] + ...": "cannot have '...'" + LANGUAGE,
    "1j": "cannot have '1j'" + LANGUAGE,
    "b'a'": "cannot have 'b'a''" + LANGUAGE,
    "(y := x)": "cannot have 'y := x'" + LANGUAGE,
    "99999999999999999999 * x": "the result is too large a number",
    "__import__('os')": "there is no function '__import__'",
    "a\0b": "is not an expression",
    "x" * (MAX_CHARACTERS + 1): f"an expression has at most {MAX_CHARACTERS} characters, got {MAX_CHARACTERS + 1}",
    "+".join("x" * 400): f"an expression has at most {MAX_DEPTH} levels",
    "-" * 900 + "x": "an expression has at most",
    "(" * 400 + "x" + ")" * 400: "is not an expression",
    "abs(" * 99 + "x" + ")" * 99 + "[0]" * 50: "an expression has at most",
}


@pytest.mark.parametrize("text", SYNTAX, ids=lambda text: text[:30].replace("\0", "0"))
def test_texts_that_are_no_expression(text):
    start = time.perf_counter()
    with pytest.raises(SpecError, match=re.escape(SYNTAX[text])):
        TensorExpression.parse(text)
    assert time.perf_counter() - start < 1


def test_only_text_is_an_expression():
    with pytest.raises(SpecError, match=r"expected a tensor expression such as 'x \* 2', got 3"):
        TensorExpression.parse(3)


MISTAKES = {
    "X": "there is no value 'X' here; did you mean 'x'?",
    "zzz + 1": "there is no value 'zzz' here (known: x, image, words",
    "experts[5]": "there is no value 'experts.5' here; did you mean 'experts.1'?",
    "experts[-3]": "in 'experts[-3]': the list has 2 items and no item -3",
    "experts[:, 0]": "a list of 2 takes one index or slice; stack() makes a tensor of it",
    "x.shape": "'x' is a tensor and has no field 'shape'",
    "w[20]": "in 'w[20]': index 20 is out of range: axis 0 of (20, 5) has 20 elements",
    "1 + w[0, 9]": "in 'w[0, 9]': index 9 is out of range: axis 1 of (20, 5) has 5 elements",
    "x[0, 0, 0]": "3 indices are too many for a tensor",
    "x[..., ...]": "0 indices are too many for a tensor",
    "x[w]": "an index is an integer, a slice, '...' or null, got a tensor; use take()",
    "x[1.5]": "an index is an integer, a slice, '...' or null, got 1.5",
    "x[:w]": "the limits of a slice are integers, got a tensor",
    "x[::0]": "the step of a slice cannot be 0",
    "pi[0]": "cannot be indexed",
    "x + image": "in 'x + image': the shapes (batch, 20) and (batch, 4, 4, 3) do not fit each other",
    "relu(1 + x * w)": "in 'x * w': the shapes (batch, 20) and (20, 5) do not fit each other",
    "x + ones([3, 20])": "in 'x + ones([3, 20])': the shapes (batch, 20) and (3, 20) do not fit each other",
    "w @ x": "the shapes (20, 5) and (batch, 20) do not fit each other: the last axis of the first must equal",
    "x + words": "the shapes (batch, 20) and (batch, ?, 8) do not fit each other",
    "reshape(x, [-1, -1])": "a shape has lengths, null and at most one -1, got [-1, -1]",
    "reshape(x, [4, 5, null])": "null in [4, 5, null] stands for an axis that (batch, 20) has not",
    "reshape(x, [2, 10])": "(batch, 20) cannot take the shape [2, 10]: the batch has any length; write -1 or null for it",
    "reshape(x, [-1, 3])": "(batch, 20) cannot take the shape [-1, 3] for every length of the batch",
    "reshape(x, [null, 3, -1])": "(batch, 20) cannot take the shape [null, 3, -1]: 20 elements do not fit 3",
    "reshape(w, [7, 3])": "(20, 5) cannot take the shape [7, 3]: 100 elements do not fit 21",
    "nest.A + 1": "in 'nest.A + 1': 'x' takes a tensor or a number, got a list",
    "x + 'a'": "in 'x + 'a'': 'y' takes a tensor or a number, got 'a'",
    "x + null": "'y' takes a tensor or a number, got nothing",
    "not x": "in 'not x': a bool tensor is needed here, got float32; compare it, as in 'x != 0'",
    "x and true": "a bool tensor is needed here, got float32",
    "image + 300": "300 is out of the range of uint8, 0 to 255; cast the tensor first",
    "[]": "the expression gives an empty list, and not a tensor",
    "'a'": "the expression gives 'a', and not a tensor",
    "null": "the expression gives null, and not a tensor",
    "x[0] if 'a' else 1": "'condition' takes a tensor or a number, got 'a'",
    "9**9**9 * x": "9 ** 387420489 is too large a number",
    "1 / 0 + x": "in '1 / 0': 1 / 0 divides by zero",
    "sqrt(-1) * x": "'sqrt' has no value for -1",
    "exp(1000) * x": "'exp' has no value for 1000",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_values_that_do_not_fit(text):
    start = time.perf_counter()
    with pytest.raises(SpecError, match=re.escape(MISTAKES[text])):
        TensorExpression.parse(text).infer(HERE)
    assert time.perf_counter() - start < 1


def test_without_values_none_are_listed():
    with pytest.raises(SpecError, match=r"there is no value 'x' here$"):
        TensorExpression.parse("x").infer({})


@settings(max_examples=300)
@given(st.one_of(st.text(max_size=60), st.text("x w()[]{}+-*/@%<>=!.,:0123'\"abcsum", max_size=60)))
def test_any_text_is_an_expression_or_a_spec_error(text):
    with contextlib.suppress(SpecError):
        TensorExpression.parse(text).infer(HERE)


def test_parsing_and_inferring_take_little_time():
    text, rounds = "relu(x @ w + 1) * 2 - mean(x, axis=-1, keepdims=true)", 300
    best = min(_seconds(f"{text} + {turn}", rounds) for turn in range(5))
    assert best / rounds < 400e-6  # a quarter of that on a machine that does nothing else


def _seconds(text, rounds):
    start = time.perf_counter()
    for _ in range(rounds):
        TensorExpression.parse(text).infer(HERE)
    return time.perf_counter() - start


def test_every_function_is_documented():
    found = {one.signature.partition("(")[0]: one for one in documented()}
    assert set(found) == FUNCTION_NAMES
    assert found["sum"].signature == "sum(x, axis=null, keepdims=false)"
    for name, one in found.items():
        assert name + "(" in one.example or "x" in one.example
        assert one.doc.endswith(".")
        assert "\n" not in one.doc
        TensorExpression.parse(one.example)
