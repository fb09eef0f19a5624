"""Tensor expressions in Keras's operations: what a node `Compute` becomes in a functional model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
from keras import ops

from netlib.nn.keras_twin.obstacles import NoCounterpart
from netlib.spec.tensor_evaluation import evaluate
from netlib.spec.tensor_expressions import TensorExpression
from netlib.spec.tensor_functions.table import Function


def computed(expression: TensorExpression, tensors: Mapping[str, Any], dtype: str) -> list[Any]:
    """What an expression gives of tensors of Keras's, by the names that it reads; `dtype` is what becomes of numbers.

    Raises:
        NoCounterpart: Keras has no operation for one of its functions.
    """
    return evaluate(expression.text.strip(), expression.tree, tensors, _Operations(dtype))


class _Operations:
    """The algebra of Keras's operations."""

    def __init__(self, floating: str) -> None:
        self.floating = floating

    def tensor(self, value: Any) -> Any:
        return value

    def dtype_of(self, value: Any) -> str | None:
        return str(keras.backend.standardize_dtype(value.dtype)) if hasattr(value, "dtype") else None

    def rank_of(self, value: Any) -> int:
        return len(value.shape)

    def constant(self, value: Any, dtype: str) -> Any:
        return ops.convert_to_tensor(value, dtype=dtype)

    def cast(self, tensor: Any, dtype: str) -> Any:
        return tensor if self.dtype_of(tensor) == dtype else ops.cast(tensor, dtype)

    def apply(self, function: Function, arguments: Sequence[Any]) -> Any:
        if function.name not in OPERATIONS:
            raise NoCounterpart(f"Keras has no operation like {function.name}()")
        return OPERATIONS[function.name](*arguments)


def _reshaped(x: Any, shape: Sequence[int | None]) -> Any:
    return ops.reshape(x, [size if size is not None else _length(x, i) for i, size in enumerate(shape)])


def _length(x: Any, axis: int) -> Any:
    return -1 if x.shape[axis] is None else x.shape[axis]


def _like(v: Any, x: Any) -> Any:
    """Of a tensor without a batch axis, the same for each sample: only a layer knows how many there are."""
    if isinstance(x, keras.KerasTensor):
        raise NoCounterpart("like() needs the number of samples, which a functional model has not")
    return ops.broadcast_to(v, (ops.shape(x)[0], *v.shape))


def _norm(x: Any, axis: Any, keepdims: bool, order: float) -> Any:
    if order == 2:
        return ops.sqrt(ops.sum(ops.square(x), axis, keepdims))
    return (ops.sum if order == 1 else ops.max)(ops.abs(x), axis, keepdims)


OPERATIONS: dict[str, Callable[..., Any]] = {
    **{
        name: getattr(ops, name)
        for name in [
            "exp",
            "expm1",
            "log",
            "log1p",
            "sqrt",
            "rsqrt",
            "reciprocal",
            "sin",
            "cos",
            "tan",
            "tanh",
            "erf",
            "floor",
            "ceil",
            "round",
            "sigmoid",
            "log_sigmoid",
            "hard_sigmoid",
            "silu",
            "selu",
            "softplus",
            "softsign",
            "abs",
            "sign",
            "square",
            "relu",
            "relu6",
            "maximum",
            "minimum",
            "equal",
            "not_equal",
            "less",
            "less_equal",
            "greater",
            "greater_equal",
            "logical_and",
            "logical_or",
            "logical_xor",
            "logical_not",
            "elu",
            "leaky_relu",
            "clip",
            "where",
            "sum",
            "prod",
            "max",
            "min",
            "mean",
            "std",
            "logsumexp",
            "any",
            "all",
            "softmax",
            "log_softmax",
            "cumsum",
            "cumprod",
            "norm",
            "matmul",
            "outer",
            "concatenate",
            "stack",
            "take",
            "take_along_axis",
            "stop_gradient",
            "cast",
            "expand_dims",
            "squeeze",
            "transpose",
            "swapaxes",
            "flip",
            "zeros_like",
            "ones_like",
        ]
    },
    "variance": ops.var,
    "norm": _norm,
    "outer": lambda x, y: ops.expand_dims(x, -1) * ops.expand_dims(y, -2),
    "one_hot": lambda x, classes, dtype: ops.one_hot(x, classes, dtype=dtype or None),
    "reshape": _reshaped,
    "like": _like,
    "gelu": lambda x, approximate: ops.gelu(x, approximate=approximate),
    "float": lambda x: x,
    "int": lambda x: ops.cast(x, "int32"),
    "bool": lambda x: ops.cast(x, "bool"),
    "negative": ops.negative,
    "+": ops.add,
    "-": ops.subtract,
    "*": ops.multiply,
    "/": ops.true_divide,
    "//": ops.floor_divide,
    "%": ops.mod,
    "**": ops.power,
    "@": ops.matmul,
    "[]": lambda x, index: x[index] if index else x,
}
"""Those that give the same as ours (see `netlib.nn.tensor_functions`), from the arguments in the order of their parameters."""
