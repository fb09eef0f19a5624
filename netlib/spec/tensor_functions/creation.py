"""Functions that make tensors of nothing or like others, and that change a tensor's dtype."""

from __future__ import annotations

from math import prod

from netlib.spec.errors import SpecError
from netlib.spec.tensor_functions.table import (
    Dtype,
    Float,
    Int,
    OptionalInt,
    Real,
    Result,
    Sizes,
    Table,
    Tensor,
    listed,
)
from netlib.spec.tensor_functions.values import Inference, Value, position

FUNCTIONS: Table = {}
MAX_ELEMENTS = 2**28
"""Of a tensor that an expression makes of nothing: a gibibyte of float32."""


def _made(shape: tuple[int | None, ...], dtype: str) -> Value:
    sizes = [size for size in shape if size is not None and size >= 0]
    if len(sizes) < len(shape):
        raise SpecError(f"a shape has lengths from 0 on, got {['null' if size is None else size for size in shape]}")
    if prod(sizes) > MAX_ELEMENTS:
        raise SpecError(f"a tensor made by an expression has at most {MAX_ELEMENTS} elements, got {prod(sizes)}")
    return Value(tuple(sizes), dtype)


@listed(FUNCTIONS, "zeros([3, 4])")
def zeros(inference: Inference, shape: Sizes, dtype: Dtype = "") -> Result:
    """Zeros, without a batch axis."""
    return _made(shape, dtype)


@listed(FUNCTIONS, "ones([3, 4])")
def ones(inference: Inference, shape: Sizes, dtype: Dtype = "") -> Result:
    """Ones, without a batch axis."""
    return _made(shape, dtype)


@listed(FUNCTIONS, "full([3, 4], 0.5)")
def full(inference: Inference, shape: Sizes, value: Real, dtype: Dtype = "") -> Result:
    """One number everywhere, without a batch axis."""
    return _made(shape, dtype)


@listed(FUNCTIONS, "eye(4)")
def eye(inference: Inference, n: Int, m: OptionalInt = None, dtype: Dtype = "") -> Result:
    """Ones on the diagonal of n rows and m columns (n without m), zeros elsewhere."""
    return _made((n, n if m is None else m), dtype)


@listed(FUNCTIONS, "range(size(x, 1))")
def range_(inference: Inference, start: Int, stop: OptionalInt = None, step: Int = 1) -> Result:
    """Integers from `start` up to `stop`, which is left out; with one number, from 0 up to it."""
    if step == 0:
        raise SpecError("'step' cannot be 0")
    first, last = (0, start) if stop is None else (start, stop)
    return _made((max(0, -((first - last) // step)),), "int32")


@listed(FUNCTIONS, "zeros_like(x)")
def zeros_like(inference: Inference, x: Tensor) -> Result:
    """Zeros of the same shape and dtype."""
    return x


@listed(FUNCTIONS, "ones_like(x)")
def ones_like(inference: Inference, x: Tensor) -> Result:
    """Ones of the same shape and dtype."""
    return x


@listed(FUNCTIONS, "like(v, x)")
def like(inference: Inference, v: Tensor, x: Tensor) -> Result:
    """A tensor without a batch axis, repeated over the batch of x."""
    if v.batch is not None:
        raise SpecError(f"the first tensor of 'like' has no batch axis, got {v}")
    if x.batch != 0:
        raise SpecError(f"the second tensor of 'like' has a batch axis in front, got {x}")
    return Value((None, *v.shape), v.dtype, 0)


@listed(FUNCTIONS, "stop_gradient(x)")
def stop_gradient(inference: Inference, x: Tensor) -> Result:
    """x, through which no gradient flows."""
    return x


@listed(FUNCTIONS, "size(x, 1)")
def size(inference: Inference, x: Tensor, axis: Int) -> Result:
    """The length of an axis, a number; it must be known before the run, so it cannot be that of the batch."""
    length = x.shape[position(axis, len(x.shape))]
    if length is None:
        raise SpecError(f"the length of axis {axis} of {x} is not known before the run")
    return length


@listed(FUNCTIONS, "cast(x, 'float16')")
def cast(inference: Inference, x: Tensor, dtype: Dtype) -> Result:
    """x with another dtype."""
    return x.of(dtype)


@listed(FUNCTIONS, "float(x)")
def float_(inference: Inference, x: Float) -> Result:
    """x, made floating-point if it is not."""
    return x


@listed(FUNCTIONS, "int(x)")
def int_(inference: Inference, x: Tensor) -> Result:
    """x as int32, without its fraction."""
    return x.of("int32")


@listed(FUNCTIONS, "bool(x)")
def bool_(inference: Inference, x: Tensor) -> Result:
    """`x != 0`."""
    return x.of("bool")
