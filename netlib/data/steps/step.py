"""`Step`: what a preprocessing step computes on the host."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from netlib.data.arrays import Array, Values

Learned = Mapping[str, Any]
"""What a step learned of the training split: arrays of numbers, and lists of texts."""


@dataclass(frozen=True)
class Step:
    """The computation of a step.

    `fit(spec, values)` gives what the step `learns`, `apply(spec, learned, values)` what it makes of the values. Missing numbers
    are NaN, missing texts and times null.
    """

    learns: tuple[str, ...]
    fit: Callable[[Any, Any], dict[str, Any]]
    apply: Callable[[Any, Learned, Any], Array]


def nothing(_spec: Any, _values: Values) -> dict[str, Any]:
    """The `fit` of a step that learns nothing."""
    return {}
