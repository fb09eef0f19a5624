"""Tensor expressions: what `Compute`, `While`, `AddLoss`, `AddMetric` and losses compute, parsed and checked without TensorFlow.

The names of an expression are values from around it. Its operators and functions work as NumPy's do, and see the batch axis.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from netlib.spec.base import shown
from netlib.spec.errors import SpecError
from netlib.spec.tensor_evaluation import evaluate
from netlib.spec.tensor_functions.arguments import list_shape
from netlib.spec.tensor_functions.catalogue import FUNCTIONS
from netlib.spec.tensor_functions.table import Function
from netlib.spec.tensor_functions.values import Inference, Value
from netlib.spec.tensor_syntax import Chain, Derivative, Node, chains, derivatives, parsed
from netlib.spec.tensors import TensorSpec

__all__ = ["FUNCTION_NAMES", "Chain", "Derivative", "Documented", "Inferred", "TensorExpression", "documented"]

FUNCTION_NAMES = frozenset(FUNCTIONS)
"""What an expression can call."""


class Inferred(NamedTuple):
    """What is known of an expression's results before it is computed.

    `macs` are multiply-accumulates per sample, those of matrix products, None if an axis they need is not known. `couples_rows`
    says whether rows of the batch come to depend on each other.
    """

    outputs: tuple[TensorSpec, ...]
    macs: int | None
    couples_rows: bool


@dataclass(frozen=True)
class TensorExpression:
    """One expression, by its text.

    >>> expression = TensorExpression.parse("relu(x @ w + 1)")
    >>> expression.chains
    (('x',), ('w',))
    >>> inferred = expression.infer({"x": TensorSpec((None, 20)), "w": TensorSpec((20, 5))})
    >>> print(*inferred.outputs, inferred.macs)
    (batch, 5) float32 100
    """

    text: str
    chains: tuple[Chain, ...] = field(compare=False)
    """What it reads: each name with the attributes and indices behind it, once, in order of appearance."""
    tree: Node = field(compare=False, repr=False)
    derivatives: tuple[Derivative, ...] = field(default=(), compare=False, repr=False)
    """The derivatives that it has to be given by their texts, besides what it reads."""

    @classmethod
    def parse(cls, text: str) -> TensorExpression:
        """The expression of a text.

        Raises:
            SpecError: it is no expression, calls what is no function or with wrong arguments, is too long or too deep.
        """
        if not isinstance(text, str):
            raise SpecError(f"expected a tensor expression such as 'x * 2', got {shown(text)}")
        return _parse(text)

    def infer(self, tensors: Mapping[str, TensorSpec], dtype: str = "float32") -> Inferred:
        """Shapes and dtypes of the results, where `tensors` has what the names stand for by dotted text.

        `dtype` is what becomes of numbers where no floating-point tensor says, and of integers that are divided.

        Raises:
            SpecError: a value is missing or does not fit, with both shapes and the piece of text that it is about.
        """
        algebra = _Shapes(dtype)
        results = evaluate(self.text.strip(), self.tree, tensors, algebra)
        outputs = tuple(TensorSpec(value.shape, value.dtype) for value in results)
        # What reads a result takes its first axis for the batch: it no longer sees rows that were moved elsewhere.
        moved = any(value.batch not in (None, 0) for value in results)
        return Inferred(outputs, algebra.inference.macs, algebra.inference.couples_rows or moved)


class Documented(NamedTuple):
    """A function as the documentation shows it."""

    signature: str
    doc: str
    example: str


def documented() -> list[Documented]:
    """Every function that an expression can call."""
    return [Documented(function.signature, function.doc, function.example) for function in FUNCTIONS.values()]


@lru_cache(maxsize=4096)
def _parse(text: str) -> TensorExpression:
    tree = parsed(text)
    return TensorExpression(text, tuple(dict.fromkeys(chains(tree))), tree, tuple(dict.fromkeys(derivatives(tree))))


class _Shapes:
    """The algebra of what is known before the run."""

    def __init__(self, floating: str) -> None:
        self.floating = floating
        self.inference = Inference()

    def tensor(self, value: TensorSpec) -> Value:
        shape = value.shape
        return Value(shape, value.dtype, 0 if shape and shape[0] is None else None)

    def dtype_of(self, value: Any) -> str | None:
        return value.dtype if isinstance(value, Value) else None

    def rank_of(self, value: Value) -> int:
        return len(value.shape)

    def constant(self, value: Any, dtype: str) -> Value:
        return Value(list_shape(value) or (), dtype)

    def cast(self, tensor: Value, dtype: str) -> Value:
        return tensor.of(dtype)

    def apply(self, function: Function, arguments: Sequence[Any]) -> Any:
        return function.rule(self.inference, *arguments)
