"""How a function's arguments are made ready by the kinds of its parameters: tensors of the dtype it computes in, plain values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from netlib.spec.base import shown
from netlib.spec.errors import SpecError
from netlib.spec.operations import MAX_INTEGER
from netlib.spec.tensor_functions.dtypes import at_least, common, known_dtype, limits
from netlib.spec.tensor_functions.table import Function, Parameter


class Algebra(Protocol):
    """What an expression is evaluated in: shapes and dtypes, or TensorFlow's tensors."""

    floating: str
    """The dtype of what is floating-point and no tensor says how."""

    def tensor(self, value: Any) -> Any:
        """A value from around the expression, as the algebra has it."""

    def dtype_of(self, value: Any) -> str | None:
        """The dtype of a tensor; None for what is none."""

    def rank_of(self, value: Any) -> int:
        """The number of a tensor's axes."""

    def constant(self, value: Any, dtype: str) -> Any:
        """A tensor of a number or of nested lists of numbers."""

    def cast(self, tensor: Any, dtype: str) -> Any:
        """The tensor with another dtype."""

    def apply(self, function: Function, arguments: Sequence[Any]) -> Any:
        """The result of a function: a tensor, a list of tensors or a number."""


class _TensorKind(NamedTuple):
    needs: str
    alike: bool = False
    many: bool = False


_TENSOR_KINDS = {
    "Tensor": _TensorKind("any"),
    "Numeric": _TensorKind("numeric"),
    "Wide": _TensorKind("wide"),
    "Float": _TensorKind("float"),
    "Boolean": _TensorKind("bool"),
    "Alike": _TensorKind("any", alike=True),
    "AlikeNumeric": _TensorKind("numeric", alike=True),
    "AlikeFloat": _TensorKind("float", alike=True),
    "Exponent": _TensorKind("numeric", alike=True),
    "Tensors": _TensorKind("any", alike=True, many=True),
    "Rest": _TensorKind("numeric", alike=True, many=True),
}


def ready(function: Function, arguments: Sequence[Any], algebra: Algebra) -> list[Any]:
    """The arguments, one for each parameter, as rules and computations take them.

    Raises:
        SpecError: one is not what its parameter takes.
    """
    result = list(arguments)
    alike = []
    for i, parameter in enumerate(function.parameters):
        kind = _TENSOR_KINDS.get(parameter.kind)
        if kind is None:
            result[i] = _PLAIN[parameter.kind](parameter.name, result[i], algebra)
        elif kind.alike:
            alike.append(i)
        else:
            result[i] = _alone(result[i], kind, algebra, parameter)
    if alike:
        _make_alike(function, result, alike, algebra)
    return result


def _alone(value: Any, kind: _TensorKind, algebra: Algebra, parameter: Parameter) -> Any:
    dtype = algebra.dtype_of(value)
    if dtype is None:
        number = _number_type(value, parameter.name)
        wanted = at_least(common((), (number,), algebra.floating), kind.needs, algebra.floating)
        return _constant(value, wanted, algebra)
    wanted = at_least(dtype, kind.needs, algebra.floating)
    return value if wanted == dtype else algebra.cast(value, wanted)


def _make_alike(function: Function, arguments: list[Any], alike: list[int], algebra: Algebra) -> None:
    kinds = {i: _TENSOR_KINDS[function.parameters[i].kind] for i in alike}
    dtypes, numbers = set(), []
    for i, kind in kinds.items():
        parameter = function.parameters[i]
        for value in _several(parameter, arguments[i]) if kind.many else (arguments[i],):
            dtype = algebra.dtype_of(value)
            if dtype is None:
                numbers.append(_weight(value, parameter))
            else:
                dtypes.add(dtype)
    found = dtypes.pop() if len(dtypes) == 1 and not numbers else common(dtypes, numbers, algebra.floating)
    wanted = at_least(found, kinds[alike[0]].needs, algebra.floating)
    for i, kind in kinds.items():
        value = arguments[i]
        arguments[i] = [_as(one, wanted, algebra) for one in value] if kind.many else _as(value, wanted, algebra)


def _weight(value: Any, parameter: Parameter) -> type:
    """bool, int or float: what a number counts as among tensors."""
    number = _number_type(value, parameter.name)
    return float if parameter.kind == "Exponent" and number is int and _is_negative(value) else number


def _as(value: Any, dtype: str, algebra: Algebra) -> Any:
    found = algebra.dtype_of(value)
    if found is None:
        return _constant(value, dtype, algebra)
    return value if found == dtype else algebra.cast(value, dtype)


def _several(parameter: Parameter, value: Any) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise SpecError(f"'{parameter.name}' takes a list of tensors, got {_described(value)}")
    return value


def _is_negative(value: Any) -> bool:
    return not isinstance(value, list) and value < 0


def _number_type(value: Any, name: str) -> type:
    """bool, int or float: what a number or the numbers of a list are."""
    if isinstance(value, bool | int | float):
        return type(value)
    leaves = _leaves(value)
    if leaves is None:
        raise SpecError(f"'{name}' takes a tensor or a number, got {_described(value)}")
    kinds = {type(leaf) for leaf in leaves}
    return float if float in kinds or not kinds else int if int in kinds else bool


def _leaves(value: Any) -> list[Any] | None:
    """The numbers of nested lists of equal lengths; None for everything else."""
    if isinstance(value, bool | int | float):
        return [value]
    if not isinstance(value, list) or list_shape(value) is None:
        return None
    found: list[Any] = []
    for item in value:
        leaves = _leaves(item)
        if leaves is None:
            return None
        found += leaves
    return found


def list_shape(value: Any) -> tuple[int, ...] | None:
    """The shape of a number or of nested lists; None if their lengths differ."""
    if not isinstance(value, list):
        return ()
    shapes = {list_shape(item) for item in value} or {()}
    inner = shapes.pop()
    return None if shapes or inner is None else (len(value), *inner)


def _constant(value: Any, dtype: str, algebra: Algebra) -> Any:
    bounds = limits(dtype)
    if bounds:
        for leaf in _leaves(value) or ():
            if not bounds[0] <= leaf <= bounds[1]:
                raise SpecError(
                    f"{leaf} is out of the range of {dtype}, {bounds[0]} to {bounds[1]}; cast the tensor first"
                )
    return algebra.constant(value, dtype)


def _described(value: Any) -> str:
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    return shown(value) if isinstance(value, bool | int | float | str | None) else f"the tensor {value}"


def is_integer(value: Any) -> bool:
    """Whether it is an integer, and not true or false."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < MAX_INTEGER


def _wrong(name: str, expected: str, value: Any) -> SpecError:
    return SpecError(f"'{name}' takes {expected}, got {_described(value)}")


def _int(name: str, value: Any, algebra: Algebra) -> int:
    if is_integer(value):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise _wrong(name, "an integer", value)


def _optional_int(name: str, value: Any, algebra: Algebra) -> int | None:
    return None if value is None else _int(name, value, algebra)


def _ints(name: str, value: Any, algebra: Algebra) -> tuple[int, ...]:
    if not isinstance(value, list):
        raise _wrong(name, "a list of integers", value)
    return tuple(_int(name, item, algebra) for item in value)


def _axes(name: str, value: Any, algebra: Algebra) -> tuple[int, ...] | None:
    if value is None:
        return None
    return _ints(name, value if isinstance(value, list) else [value], algebra)


def _sizes(name: str, value: Any, algebra: Algebra) -> tuple[int | None, ...]:
    if not isinstance(value, list):
        raise _wrong(name, "a list of lengths", value)
    return tuple(_optional_int(name, item, algebra) for item in value)


def _pairs(name: str, value: Any, algebra: Algebra) -> tuple[tuple[int, int], ...]:
    if not isinstance(value, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in value):
        raise _wrong(name, "a list of pairs of integers", value)
    return tuple((_int(name, first, algebra), _int(name, second, algebra)) for first, second in value)


def _sections(name: str, value: Any, algebra: Algebra) -> int | tuple[int, ...]:
    return _ints(name, value, algebra) if isinstance(value, list) else _int(name, value, algebra)


def _flag(name: str, value: Any, algebra: Algebra) -> bool:
    if not isinstance(value, bool):
        raise _wrong(name, "true or false", value)
    return value


def _real(name: str, value: Any, algebra: Algebra) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(name, "a number", value)
    return float(value)


def _text(name: str, value: Any, algebra: Algebra) -> str:
    if not isinstance(value, str):
        raise _wrong(name, "text in quotes", value)
    return value


def _dtype(name: str, value: Any, algebra: Algebra) -> str:
    return known_dtype(_text(name, value, algebra)) if value else algebra.floating


def _as_it_is(name: str, value: Any, algebra: Algebra) -> Any:
    return value


_PLAIN: dict[str, Callable[[str, Any, Algebra], Any]] = {
    "Int": _int,
    "OptionalInt": _optional_int,
    "Ints": _ints,
    "Axes": _axes,
    "Sizes": _sizes,
    "Pairs": _pairs,
    "Sections": _sections,
    "Flag": _flag,
    "Real": _real,
    "Text": _text,
    "Dtype": _dtype,
    "Index": _as_it_is,
}
