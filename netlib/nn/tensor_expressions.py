"""Computes tensor expressions (`netlib.spec.tensor_expressions`) in TensorFlow: eagerly, in graphs and compiled by XLA."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from netlib.nn.tensor_functions import creation, elementwise, joining, products, reductions, shaping
from netlib.spec.tensor_evaluation import evaluate
from netlib.spec.tensor_expressions import TensorExpression
from netlib.spec.tensor_functions.table import Function

COMPUTATIONS: dict[str, Callable[..., Any]] = {
    **elementwise.FUNCTIONS,
    **elementwise.OPERATORS,
    **reductions.FUNCTIONS,
    **products.FUNCTIONS,
    **shaping.FUNCTIONS,
    **joining.FUNCTIONS,
    **joining.INDEXING,
    **creation.FUNCTIONS,
}
"""What each function and operator computes, from the arguments in the order of its parameters."""


@tf.autograph.experimental.do_not_convert  # there is nothing to convert, and the converter is slow
def compute(expression: TensorExpression, tensors: Mapping[str, tf.Tensor], dtype: str = "float32") -> list[tf.Tensor]:
    """The results of an expression, with the shapes and dtypes that `expression.infer` gives.

    `tensors` has what the names stand for by dotted text; `dtype` is what becomes of numbers where no floating-point tensor
    says, and of integers that are divided.

    Raises:
        SpecError: what `infer` raises too, but for the mismatch of shapes, which is TensorFlow's to report here.
    """
    return evaluate(expression.text.strip(), expression.tree, tensors, _TensorFlow(dtype))


class _TensorFlow:
    """The algebra of TensorFlow's tensors."""

    def __init__(self, floating: str) -> None:
        self.floating = floating

    def tensor(self, value: Any) -> tf.Tensor:
        return tf.convert_to_tensor(value)

    def dtype_of(self, value: Any) -> str | None:
        return value.dtype.name if isinstance(value, tf.Tensor) else None

    def rank_of(self, value: tf.Tensor) -> int:
        return int(value.shape.rank)

    def constant(self, value: Any, dtype: str) -> tf.Tensor:
        return tf.constant(value, dtype)

    def cast(self, tensor: tf.Tensor, dtype: str) -> tf.Tensor:
        return tf.cast(tensor, dtype)

    def apply(self, function: Function, arguments: Sequence[Any]) -> Any:
        return COMPUTATIONS[function.name](*arguments)
