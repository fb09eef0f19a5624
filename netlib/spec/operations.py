"""What the operators and functions of an expression compute: mostly on numbers, bounded, with errors in our words.

How an expression is written is the affair of `netlib.spec.expressions`.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from netlib.spec.base import shown
from netlib.spec.errors import SpecError, did_you_mean, one_of

MAX_INTEGER = 2**63
_MAX_POWER_BITS = 128


def cut(text: str, limit: int = 80) -> str:
    """Text as an error shows it, shortened when long."""
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def numbers(what: str, *values: Any) -> Any:
    """The values, if all are numbers; `what` is the operation that needs them."""
    for value in values:
        if value is None:
            raise SpecError(f"'{what}' needs numbers, got nothing: the value is not known here, or null")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise SpecError(f"'{what}' needs numbers, got {shown(value)}")
    return values


def bounded(number: Any) -> Any:
    """The number, if it fits in 64 bits."""
    if abs(number) >= MAX_INTEGER if isinstance(number, int) else not math.isfinite(number):
        raise SpecError("the result is too large a number")
    return number


def arithmetic(sign: ast.operator, left: Any, right: Any) -> Any:
    """`left + right` and so on, for numbers.

    Raises:
        SpecError: not numbers, no such operation, a division by zero, or a result that is too large or not real.
    """
    if type(sign) not in _ARITHMETIC:
        raise SpecError(f"the arithmetic of expressions is {one_of(text for text, _ in _ARITHMETIC.values())}")
    text, compute = _ARITHMETIC[type(sign)]
    numbers(text, left, right)
    try:
        return bounded(compute(left, right))
    except OverflowError:
        raise SpecError(f"{shown(left)} {text} {shown(right)} is too large a number") from None
    except ZeroDivisionError:
        raise SpecError(f"{shown(left)} {text} {shown(right)} divides by zero") from None


def _power(base: Any, exponent: Any) -> Any:
    whole = isinstance(base, int) and isinstance(exponent, int)
    if whole and abs(base) > 1 and base.bit_length() * exponent > _MAX_POWER_BITS:
        raise OverflowError
    result = base**exponent
    if isinstance(result, complex):
        raise SpecError(f"{shown(base)} ** {shown(exponent)} is not a real number")
    return result


_ARITHMETIC: dict[type[ast.operator], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv),
    ast.FloorDiv: ("//", operator.floordiv),
    ast.Mod: ("%", operator.mod),
    ast.Pow: ("**", _power),
}

_ORDER: dict[type[ast.cmpop], tuple[str, Callable[[Any, Any], bool]]] = {
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
}


def holds(sign: ast.cmpop, left: Any, right: Any) -> bool:
    """Whether `left < right` and so on; order is for two numbers or two texts, and no number can be
    compared with one that is not known.

    Raises:
        SpecError: that cannot be told.
    """
    if isinstance(sign, ast.Eq | ast.NotEq):
        is_equal = isinstance(sign, ast.Eq)
        return _equal(left, right, "==" if is_equal else "!=") is is_equal
    if isinstance(sign, ast.In | ast.NotIn):
        return _contains(right, left) is isinstance(sign, ast.In)
    if type(sign) not in _ORDER:
        raise SpecError("an expression cannot have 'is'; compare with '=='")
    text, compare = _ORDER[type(sign)]
    if not (isinstance(left, str) and isinstance(right, str)):
        numbers(text, left, right)
    return compare(left, right)


def _equal(left: Any, right: Any, sign: str) -> bool:
    """Whether two values are equal, or two lists item by item, where an axis without a known length has none to compare."""
    if isinstance(left, list | tuple) and isinstance(right, list | tuple) and len(left) == len(right):
        pairs = list(zip(left, right, strict=True))
        differ = any(each != other and None not in (each, other) for each, other in pairs)
        return not differ and all(_equal(each, other, sign) for each, other in pairs)
    if (left is None and _may_be_length(right)) or (right is None and _may_be_length(left)):
        raise SpecError(
            f"'{sign}' compares with nothing: the value is not known here, or null; '{sign} null' asks whether it is"
        )
    return bool(left == right)


def _may_be_length(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _contains(container: Any, item: Any) -> bool:
    if isinstance(container, str) and isinstance(item, str):
        return item in container
    if isinstance(container, list | tuple):
        return item in container
    if isinstance(container, Mapping):
        return any(item == key for key in container)
    raise SpecError(f"'in' needs a list, a mapping or text on its right, got {shown(container)}")


def field(container: Any, key: Any, what: str) -> Any:
    """`what.key`, where `what` is a mapping."""
    if not isinstance(container, Mapping):
        raise SpecError(f"'{cut(what)}' is {shown(container)} and has no field {shown(key)}")
    if not isinstance(key, str | int) or key not in container:
        known = [str(name) for name in container]
        hint = did_you_mean(str(key), known) or f"; it has {cut(one_of(known), 200)}"
        raise SpecError(f"'{cut(what)}' has no field {shown(key)}{hint}")
    return container[key]


def item(container: Any, index: Any, what: str) -> Any:
    """`what[index]`, where `what` is a list or a mapping."""
    if isinstance(container, Mapping):
        return field(container, index, what)
    _need_list(container, what)
    _need_integer(index)
    if not -len(container) <= index < len(container):
        raise SpecError(f"'{cut(what)}' has {len(container)} items and no item {index}")
    return container[index]


def items(container: Any, start: Any, stop: Any, what: str) -> Any:
    """`what[start:stop]`, where `what` is a list."""
    _need_list(container, what)
    for index in (start, stop):
        if index is not None:
            _need_integer(index)
    return list(container[start:stop])


def _need_list(container: Any, what: str) -> None:
    if not isinstance(container, list | tuple):
        raise SpecError(f"'{cut(what)}' is {shown(container)} and cannot be indexed")


def _need_integer(index: Any) -> None:
    if isinstance(index, bool) or not isinstance(index, int):
        raise SpecError(f"an index is an integer, got {shown(index)}")


def _extreme(name: str, choose: Callable[[Any], Any]) -> Callable[..., Any]:
    def function(*values: Any) -> Any:
        listed = values[0] if len(values) == 1 and isinstance(values[0], list | tuple) else values
        if not listed:
            raise SpecError(f"'{name}' needs at least one number")
        return choose(numbers(name, *listed))

    return function


def _of_one_number(name: str, compute: Callable[[Any], Any]) -> Callable[..., Any]:
    def function(*values: Any) -> Any:
        if len(values) != 1:
            raise SpecError(f"'{name}' takes one number, got {len(values)}")
        (number,) = numbers(name, *values)
        if not math.isfinite(number):
            raise SpecError(f"'{name}' needs a finite number, got {shown(number)}")
        return bounded(compute(number))

    return function


def _sqrt(number: Any) -> float:
    if number < 0:
        raise SpecError(f"'sqrt' needs a number not less than 0, got {shown(number)}")
    return math.sqrt(number)


def _len(*values: Any) -> int:
    if len(values) != 1 or not isinstance(values[0], list | tuple | str | Mapping):
        raise SpecError(f"'len' takes one list, mapping or text, got {', '.join(map(shown, values)) or 'nothing'}")
    return len(values[0])


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "min": _extreme("min", min),
    "max": _extreme("max", max),
    "round": _of_one_number("round", round),
    "ceil": _of_one_number("ceil", math.ceil),
    "floor": _of_one_number("floor", math.floor),
    "sqrt": _of_one_number("sqrt", _sqrt),
    "len": _len,
}
"""The functions of the language, each from its arguments' values to its result."""
