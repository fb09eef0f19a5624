"""Sizes of memory, as a person writes them."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from netlib.spec.errors import UsageError
from netlib.spec.types import whole

_UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}


def parse_size(text: str) -> int:
    """Bytes of a size as a person writes it: `16GB` has powers of 1000, `16GiB` of 1024.

    Raises:
        UsageError: it is no such size.

    >>> parse_size("16GB"), parse_size("1.5 MiB")
    (16000000000, 1572864)
    """
    found = re.fullmatch(r"\s*(\d{1,15}(?:\.\d{1,15})?)\s*([A-Za-z]+)\s*", text)
    units = {unit.lower(): size for unit, size in _UNITS.items()}
    if not found or found[2].lower() not in units or not float(found[1]):
        raise UsageError(f"expected a size such as 16GB or 512MiB (units: {', '.join(_UNITS)}), got '{text}'")
    return int(float(found[1]) * units[found[2].lower()])


def _bytes(value: Any) -> Any:
    if not isinstance(value, str):
        return whole(value)
    try:
        return parse_size(value)
    except UsageError as error:
        raise ValueError(str(error)) from None


Bytes = Annotated[int, BeforeValidator(_bytes, json_schema_input_type=int | str), Field(gt=0)]
"""Bytes, or a number with a unit: `512MB`, `2GiB`."""
