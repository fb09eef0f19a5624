"""Sizes of memory, as a config writes them."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from netlib.spec.base import shown
from netlib.spec.types import whole

UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
_FORM = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*")


def _bytes(value: Any) -> Any:
    """`512MB` as a number of bytes."""
    if isinstance(value, bool) or not isinstance(value, str):
        return whole(value)
    found = _FORM.fullmatch(value)
    if found is None or found[2].upper() not in UNITS:
        raise ValueError(f"expected a size such as 512MB or 2GB, got {shown(value)}")
    return int(float(found[1]) * UNITS[found[2].upper()])


Bytes = Annotated[int, BeforeValidator(_bytes, json_schema_input_type=int | str), Field(gt=0)]
"""Bytes, or a number with a unit: MB are millions of bytes, MiB 2^20."""
