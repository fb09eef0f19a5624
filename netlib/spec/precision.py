"""Dtype policies: in what a layer computes, and in what it keeps its weights."""

from __future__ import annotations

from typing import NamedTuple

from netlib.spec.base import shown
from netlib.spec.errors import SpecError, did_you_mean


class Policy(NamedTuple):
    """A name with its two dtypes."""

    name: str
    compute: str
    variable: str


POLICIES = {
    "float32": Policy("float32", "float32", "float32"),
    "mixed_bfloat16": Policy("mixed_bfloat16", "bfloat16", "float32"),
    "mixed_float16": Policy("mixed_float16", "float16", "float32"),
}


def policy(name: object) -> Policy:
    """The policy of that name.

    Raises:
        SpecError: there is none.
    """
    if not isinstance(name, str) or name not in POLICIES:
        hint = did_you_mean(str(name), POLICIES) or f" (known: {', '.join(POLICIES)})"
        raise SpecError(f"there is no dtype policy {shown(name)}{hint}")
    return POLICIES[name]
