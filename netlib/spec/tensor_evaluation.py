"""The value of a tensor expression, in whatever algebra: shapes and dtypes before the run, TensorFlow's tensors in it."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from netlib.spec.errors import SpecError, did_you_mean
from netlib.spec.operations import cut
from netlib.spec.tensor_functions.arguments import Algebra, is_integer, ready
from netlib.spec.tensor_functions.catalogue import OPERATORS
from netlib.spec.tensor_functions.numbers import of_numbers
from netlib.spec.tensor_syntax import Call, Chain, Constant, Derivative, Listing, Node, Read, Slice

_PLAIN = (bool, int, float)
_ITEMS = OPERATORS["[]"]


def evaluate(text: str, node: Node, tensors: Mapping[str, Any], algebra: Algebra) -> list[Any]:
    """The tensors that an expression gives; a number becomes a tensor without axes.

    Raises:
        SpecError: a value is missing, or values do not fit a function; the message has the piece of `text` it is about.
    """
    value = _Evaluation(text, tensors, algebra).value(node)
    return [_tensor(one, algebra) for one in _flat(value)]


def _flat(value: Any) -> list[Any]:
    if not isinstance(value, list):
        return [value]
    if not value:
        raise SpecError("the expression gives an empty list, and not a tensor")
    return [one for item in value for one in _flat(item)]


def _tensor(value: Any, algebra: Algebra) -> Any:
    if algebra.dtype_of(value) is not None:
        return value
    if isinstance(value, bool):
        return algebra.constant(value, "bool")
    if isinstance(value, int):
        return algebra.constant(value, "int32" if abs(value) < 2**31 else "int64")
    if isinstance(value, float):
        return algebra.constant(value, algebra.floating)
    raise SpecError(f"the expression gives {'null' if value is None else repr(value)}, and not a tensor")


class _Evaluation:
    """One walk over the tree; a value is a tensor, a Python number, text, None, or a list of these."""

    def __init__(self, text: str, tensors: Mapping[str, Any], algebra: Algebra) -> None:
        self.text = text
        self.tensors = tensors
        self.algebra = algebra

    def value(self, node: Node) -> Any:
        if isinstance(node, Read):
            return self._read(node.chain)
        if isinstance(node, Constant):
            return node.value
        if isinstance(node, Derivative):
            return self._read((node.text,))
        if isinstance(node, Call):
            return self._call(node)
        if isinstance(node, Listing):
            return [self.value(part) for part in node.parts]
        return self._slice(node)

    def _read(self, chain: Chain) -> Any:
        tensors = self.tensors
        if isinstance(first := chain[0], str) and len(chain) == 1 and first in tensors:  # as most are
            return self.algebra.tensor(tensors[first])
        texts = [str(part) for part in chain]
        for length in range(len(chain), 0, -1):
            key = ".".join(texts[:length])
            if key in tensors:
                return self._rest(self.algebra.tensor(tensors[key]), key, chain[length:])
        dotted = ".".join(texts)
        group = [self.algebra.tensor(tensor) for key, tensor in tensors.items() if key.startswith(f"{dotted}.")]
        if group:
            return group
        known = f" (known: {cut(', '.join(tensors), 200)})" if tensors else ""
        raise SpecError(f"there is no value '{cut(dotted)}' here{did_you_mean(dotted, tensors) or known}")

    def _rest(self, tensor: Any, key: str, rest: Chain) -> Any:
        for part in rest:
            if isinstance(part, str):
                raise SpecError(f"'{key}' is a tensor and has no field '{part}'")
            try:
                tensor = self._items(tensor, [part])
            except SpecError as error:
                raise SpecError(f"in '{key}[{part}]': {error}") from None
        return tensor

    def _call(self, node: Call) -> Any:
        arguments = [self.value(part) for part in node.arguments]
        try:
            if node.function is _ITEMS:
                return self._items(*arguments)
            if node.function.name == "where" and isinstance(arguments[0], bool):
                return arguments[1] if arguments[0] else arguments[2]
            if all(isinstance(value, _PLAIN) for value in arguments):
                number = of_numbers(node.function.name, arguments)
                if number is not None:
                    return number
            return self.algebra.apply(node.function, ready(node.function, arguments, self.algebra))
        except SpecError as error:
            piece = ast.get_source_segment(self.text, node.source) or self.text
            raise SpecError(f"in '{cut(piece)}': {error}") from None

    def _slice(self, node: Slice) -> slice:
        limits = [self.value(part) for part in (node.start, node.stop, node.step)]
        for limit in limits:
            if limit is not None and not is_integer(limit):
                raise SpecError(f"the limits of a slice are integers, got {self._shown(limit)}")
        if limits[2] == 0:
            raise SpecError("the step of a slice cannot be 0")
        return slice(*limits)

    def _items(self, container: Any, parts: list[Any]) -> Any:
        for part in parts:
            if not (part is None or part is ... or isinstance(part, slice) or is_integer(part)):
                raise SpecError(f"an index is an integer, a slice, '...' or null, got {self._shown(part)}; use take()")
        if not isinstance(container, list):
            return self._tensor_items(container, parts)
        if len(parts) != 1 or parts[0] in (None, ...):
            raise SpecError(f"a list of {len(container)} takes one index or slice; stack() makes a tensor of it")
        try:
            return container[parts[0]]
        except IndexError:
            raise SpecError(f"the list has {len(container)} items and no item {parts[0]}") from None

    def _tensor_items(self, container: Any, parts: list[Any]) -> Any:
        if self.algebra.dtype_of(container) is None:
            raise SpecError(f"{self._shown(container)} cannot be indexed")
        taken = sum(part is not None and part is not ... for part in parts)
        rank = self.algebra.rank_of(container)
        if taken > rank or parts.count(...) > 1:
            raise SpecError(f"{taken} indices are too many for {self._shown(container)}")
        place = parts.index(...) if ... in parts else len(parts)
        full = [*parts[:place], *[slice(None)] * (rank - taken), *parts[place + 1 :]]
        return self.algebra.apply(_ITEMS, ready(_ITEMS, [container, tuple(full)], self.algebra))

    def _shown(self, value: Any) -> str:
        return "a tensor" if self.algebra.dtype_of(value) is not None else repr(value)
