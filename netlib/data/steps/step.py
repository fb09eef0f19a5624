"""`Step`: what a preprocessing step computes on the host."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from netlib.data.arrays import Array, Values
from netlib.data.portions import Portions, portions_of

Learned = Mapping[str, Any]
"""What a step learned of the training split: arrays of numbers, and lists of texts."""


@dataclass(frozen=True)
class Step:
    """The computation of a step.

    `learn(spec, portions)` gives what the step `learns`, of one portion after the other where that can be, so that no copy of all
    values is made. `apply(spec, learned, values)` gives what it makes of values. Missing numbers are NaN, missing texts and times
    null. An array that is learned has the last axes of a sample, unless `by_axes` is false. A value that it cannot take is a
    `RowError`, of its row among the values or in its portion. With `by_number` each number becomes one, whatever the others are,
    and none is refused.
    """

    learns: tuple[str, ...]
    learn: Callable[[Any, Portions], dict[str, Any]]
    apply: Callable[[Any, Learned, Any], Array]
    by_axes: bool = True
    by_number: bool = False

    def fit(self, spec: Any, values: Values | Portions) -> dict[str, Any]:
        """What it learns of the values, wherever they are."""
        return self.learn(spec, portions_of(values))


def nothing(_spec: Any, _portions: Portions) -> dict[str, Any]:
    """The `learn` of a step that learns nothing."""
    return {}
