"""Dtype policies: in what a layer computes, and in what it keeps its weights."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from netlib.spec.base import shown
from netlib.spec.errors import SpecError, did_you_mean
from netlib.spec.layer import Weight


class Policy(NamedTuple):
    """A name with its two dtypes."""

    name: str
    compute: str
    variable: str


POLICIES = {
    "float32": Policy("float32", "float32", "float32"),
    "mixed_bfloat16": Policy("mixed_bfloat16", "bfloat16", "float32"),
    "mixed_float16": Policy("mixed_float16", "float16", "float32"),
    "float64": Policy("float64", "float64", "float64"),
}


def stored(weights: Iterable[Weight], compute: str) -> tuple[Weight, ...]:
    """The weights of a layer that computes in that dtype; those that have no dtype of their own with that of its policy, where it
    is not float32."""
    if POLICIES["float64"].compute != compute:
        return tuple(weights)
    return tuple(weight if weight.dtype else replace(weight, dtype=compute) for weight in weights)


def policy(name: object) -> Policy:
    """The policy of that name.

    Raises:
        SpecError: there is none.
    """
    if not isinstance(name, str) or name not in POLICIES:
        hint = did_you_mean(str(name), POLICIES) or f" (known: {', '.join(POLICIES)})"
        raise SpecError(f"there is no dtype policy {shown(name)}{hint}")
    return POLICIES[name]
