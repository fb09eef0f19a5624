"""Functions that look along axes: reductions, softmax and cumulated sums."""

from __future__ import annotations

from netlib.spec.errors import SpecError
from netlib.spec.tensor_functions.table import (
    Axes,
    Flag,
    Float,
    Function,
    Int,
    Numeric,
    Parameter,
    Real,
    Result,
    Rule,
    Table,
    Tensor,
    Wide,
    listed,
    parameters,
)
from netlib.spec.tensor_functions.values import Inference, Value, position, positions, without

FUNCTIONS: Table = {}


def reduced(inference: Inference, x: Value, axis: Axes, keepdims: bool, dtype: str | None = None) -> Value:
    """The value without those axes; rows come to depend on each other if the batch is one of them."""
    axes = positions(axis, len(x.shape))
    if x.batch in axes:
        inference.couple()
    return without(x, axes, dtype, keepdims)


def along(inference: Inference, x: Value, axis: int) -> int:
    """The axis counted from the front, along which the elements of x come to depend on each other."""
    found = position(axis, len(x.shape))
    if x.batch == found:
        inference.couple()
    return found


def _reduced(inference: Inference, x: Wide, axis: Axes = None, keepdims: Flag = False) -> Result:
    return reduced(inference, x, axis, keepdims)


def _counted(inference: Inference, x: Tensor, axis: Axes = None, keepdims: Flag = False) -> Result:
    return reduced(inference, x, axis, keepdims, "int32")


def _kept_along(inference: Inference, x: Float, axis: Int = -1) -> Result:
    along(inference, x, axis)
    return x


def _enter(docs: dict[str, str], rule: Rule, kind: str) -> None:
    first, *others = parameters(rule)
    taken = (Parameter(first.name, kind, first.default), *others)
    FUNCTIONS.update({name: Function(name, taken, rule, doc, f"{name}(x, axis=-1)") for name, doc in docs.items()})


_enter({"sum": "Sum, of everything without an axis.", "prod": "Product."}, _reduced, "Wide")
_enter({"max": "Largest element.", "min": "Smallest element."}, _reduced, "Numeric")
_enter(
    {
        "mean": "Mean, of everything without an axis.",
        "variance": "Mean square distance from the mean.",
        "std": "Square root of the variance.",
        "logsumexp": "`log(sum(exp(x)))` without overflow.",
    },
    _reduced,
    "Float",
)
_enter({"any": "Whether one element is true.", "all": "Whether every element is true."}, _reduced, "Boolean")
_enter({"count_nonzero": "How many elements are not 0."}, _counted, "Tensor")
_enter(
    {"softmax": "`exp(x)` divided by its sum along an axis.", "log_softmax": "Logarithm of `softmax`."},
    _kept_along,
    "Float",
)
_enter({"l2_normalize": "x divided by its norm along an axis."}, _kept_along, "Float")
_enter({"cumsum": "Sums of the elements so far.", "cumprod": "Products of the elements so far."}, _kept_along, "Wide")


@listed(FUNCTIONS, "norm(x, axis=-1)")
def norm(inference: Inference, x: Float, axis: Axes = None, keepdims: Flag = False, ord: Real = 2) -> Result:
    """Length along the axes, by default all but the first, or the only one; `ord` is 1, 2 or inf. Its gradient is 0 at 0."""
    if ord not in (1, 2, float("inf")):
        raise SpecError(f"'ord' is 1, 2 or inf, got {ord}")
    return reduced(inference, x, norm_axes(axis, len(x.shape)), keepdims)


def norm_axes(axis: Axes, rank: int) -> Axes:
    """The axes along which a norm is taken: by default each row of a batch has its own, and a vector has one."""
    return tuple(range(1, rank)) if axis is None and rank > 1 else axis


@listed(FUNCTIONS, "moments(x, axis=1)")
def moments(inference: Inference, x: Float, axis: Axes = None, keepdims: Flag = False) -> Result:
    """Mean and variance, two results."""
    result = reduced(inference, x, axis, keepdims)
    return [result, result]


def _position_of(inference: Inference, x: Numeric, axis: Int = -1, keepdims: Flag = False) -> Result:
    return reduced(inference, x, (axis,), keepdims, "int32")


_enter({"argmax": "Index of the largest element.", "argmin": "Index of the smallest element."}, _position_of, "Numeric")


@listed(FUNCTIONS, "sort(x, axis=-1, descending=true)")
def sort(inference: Inference, x: Numeric, axis: Int = -1, descending: Flag = False) -> Result:
    """The elements in order."""
    along(inference, x, axis)
    return x


@listed(FUNCTIONS, "argsort(x)")
def argsort(inference: Inference, x: Numeric, axis: Int = -1, descending: Flag = False) -> Result:
    """The indices of the elements in order; of equal ones, the first comes first."""
    along(inference, x, axis)
    return x.of("int32")


@listed(FUNCTIONS, "top_k(x, 3)")
def top_k(inference: Inference, x: Numeric, k: Int) -> Result:
    """The k largest elements along the last axis and their indices, two results."""
    axis = along(inference, x, -1)
    length = x.shape[axis]
    if k < 1 or (length is not None and k > length):
        raise SpecError(f"'k' is {k}, and the last axis of {x} has {'batch' if length is None else length} elements")
    batch = None if x.batch == axis else x.batch
    values = Value((*x.shape[:-1], k), x.dtype, batch)
    return [values, values.of("int32")]
