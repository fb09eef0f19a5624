"""Numbers written out in nested lists: which shape they have, and what they begin as."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import PlainValidator

from netlib.spec.base import shown

MAX_DEPTH = 16
_KINDS = (bool, int, float)
"""In this order: a truth value is an int too."""
_FORM = "a number, or lists of numbers in which all rows are equally long"


def _plain(value: Any, depth: int = 0) -> Any:
    """The value with tuples, arrays and tensors as lists, and their items as numbers of Python's own.

    Raises:
        ValueError: it is something else than numbers, true, false and lists of them.
    """
    for convert in ("numpy", "tolist"):  # of a tensor; of an array, or a number of NumPy's
        value = getattr(value, convert)() if hasattr(value, convert) else value
    for kind in _KINDS:
        if isinstance(value, kind):
            return kind(value)
    if not isinstance(value, list | tuple) or depth == MAX_DEPTH or not value:
        raise ValueError(f"expected {_FORM}, got {shown(value)}")
    return [_plain(item, depth + 1) for item in value]


def shape_of(value: Any) -> tuple[int, ...]:
    """The lengths of the axes of numbers in nested lists.

    Raises:
        ValueError: the rows are not equally long.
    """
    if not isinstance(value, list | tuple):
        return ()
    shapes = {shape_of(item) for item in value}
    if len(shapes) > 1:
        lengths = " and ".join(str(list(shape)) for shape in sorted(shapes))
        raise ValueError(f"expected {_FORM}, got items of the shapes {lengths}")
    return (len(value), *shapes.pop())


def dtype_of(value: Any) -> str:
    """`bool`, `int32` or `float32`, as NumPy would read numbers in nested lists."""
    kinds = _kinds(value)
    return "float32" if float in kinds else "int32" if int in kinds else "bool"


def _kinds(value: Any) -> set[type]:
    if isinstance(value, list | tuple):
        return set().union(*map(_kinds, value))
    return {next(kind for kind in _KINDS if isinstance(value, kind))}


def _checked(value: Any) -> Any:
    if value is None:
        return None
    plain = _plain(value)
    shape_of(plain)
    return plain


Numbers = Annotated[Any, PlainValidator(_checked, json_schema_input_type=bool | float | list[Any] | None)]
"""A number, or lists of lists of numbers, which may be given as an array or a tensor; None if it is not given."""
