"""Which dtype comes of several: NumPy's rules among integers and among floating-point numbers.

A floating-point tensor that meets an integer one keeps its dtype, as in JAX and Keras (NumPy would make float64 of float32 and
int32). Python numbers are weak: they take the tensor's dtype, unless they are floating-point and it is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from netlib.spec.errors import SpecError, did_you_mean, one_of
from netlib.spec.tensors import DTYPE_BYTES

FLOATING = ("float16", "bfloat16", "float32", "float64")
_SMALL = ("bool", "int8", "uint8", "int16", "uint16")


@cache
def promoted(one: str, two: str) -> str:
    """The dtype of two tensors combined."""
    if one == two or two == "bool":
        return one
    if one == "bool":
        return two
    floating = [dtype for dtype in (one, two) if dtype in FLOATING]
    if len(floating) == 1:
        return floating[0]
    if DTYPE_BYTES[one] < DTYPE_BYTES[two]:
        one, two = two, one
    if floating:
        return "float32" if DTYPE_BYTES[two] == DTYPE_BYTES[one] else one  # float16 and bfloat16 meet in float32
    if one.startswith("u") == two.startswith("u") or (two.startswith("u") and DTYPE_BYTES[two] < DTYPE_BYTES[one]):
        return one
    return {1: "int16", 2: "int32", 4: "int64", 8: "float64"}[DTYPE_BYTES[one]]


def common(dtypes: Iterable[str], numbers: Iterable[type], floating: str) -> str:
    """The dtype of tensors and Python numbers combined; `floating` is what floats have when no tensor says."""
    result = ""
    for dtype in sorted(dtypes):  # so that the order of a set decides nothing
        result = promoted(result, dtype) if result else dtype
    for number in numbers:
        if number is bool:
            result = result or "bool"
        elif number is int:
            result = "int32" if result in ("", "bool") else result
        elif result not in FLOATING:
            result = floating
    return result


def at_least(dtype: str, needs: str, floating: str) -> str:
    """The dtype in which a function computes that needs `any`, `numeric`, `wide`, `float` or `bool` tensors.

    Raises:
        SpecError: it needs bool, and this is another.
    """
    if needs == "bool" and dtype != "bool":
        raise SpecError(f"a bool tensor is needed here, got {dtype}; compare it, as in 'x != 0'")
    if needs == "float":
        return dtype if dtype in FLOATING else floating
    if (needs == "numeric" and dtype == "bool") or (needs == "wide" and dtype in _SMALL):
        return "int32"
    return dtype


def known_dtype(name: str) -> str:
    """The name, if it is a dtype.

    Raises:
        SpecError: it is not.
    """
    if name not in DTYPE_BYTES:
        hint = did_you_mean(name, DTYPE_BYTES) or f" (known: {one_of(DTYPE_BYTES)})"
        raise SpecError(f"there is no dtype '{name}'{hint}")
    return name


def limits(dtype: str) -> tuple[int, int] | None:
    """Smallest and largest integer of an integer dtype; None for the others."""
    if dtype in FLOATING or dtype == "bool":
        return None
    bits = 8 * DTYPE_BYTES[dtype]
    return (0, 2**bits - 1) if dtype.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
