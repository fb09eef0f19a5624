"""What functions and signs give for Python numbers alone, before any tensor is there: a number again."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from typing import Any

from netlib.spec.errors import SpecError
from netlib.spec.operations import arithmetic, bounded, holds

_SIGNS: dict[str, ast.operator] = {
    "+": ast.Add(),
    "-": ast.Sub(),
    "*": ast.Mult(),
    "/": ast.Div(),
    "//": ast.FloorDiv(),
    "%": ast.Mod(),
    "**": ast.Pow(),
}
_COMPARISONS: dict[str, ast.cmpop] = {
    "equal": ast.Eq(),
    "not_equal": ast.NotEq(),
    "less": ast.Lt(),
    "less_equal": ast.LtE(),
    "greater": ast.Gt(),
    "greater_equal": ast.GtE(),
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "negative": lambda x: -x,
    "abs": abs,
    "square": lambda x: x * x,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "tanh": math.tanh,
    "floor": math.floor,
    "ceil": math.ceil,
    "round": round,
    "maximum": max,
    "minimum": min,
    "int": int,
    "float": float,
}
_LOGIC: dict[str, Callable[..., bool]] = {
    "logical_not": lambda x: not x,
    "logical_and": lambda x, y: x and y,
    "logical_or": lambda x, y: x or y,
}


def of_numbers(name: str, arguments: list[Any]) -> Any:
    """The number that a function gives for numbers; None if it makes a tensor of them.

    Raises:
        SpecError: there is no such number, or it is too large.
    """
    if all(isinstance(value, bool) for value in arguments):
        return _LOGIC[name](*arguments) if name in _LOGIC else None
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in arguments):
        return None
    if name in _SIGNS:
        return arithmetic(_SIGNS[name], *arguments)
    if name in _COMPARISONS:
        return holds(_COMPARISONS[name], *arguments)
    if name not in _FUNCTIONS:
        return None
    try:
        result = _FUNCTIONS[name](*arguments)
    except (ValueError, OverflowError):
        raise SpecError(f"'{name}' has no value for {', '.join(map(str, arguments))}") from None
    return result if name in ("negative", "abs") else bounded(result)
