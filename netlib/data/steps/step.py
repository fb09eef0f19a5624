"""`Step`: what a preprocessing step computes on the host."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from netlib.data.arrays import Array, Values
from netlib.spec.errors import NetlabError

Learned = Mapping[str, Any]
"""What a step learned of the training split: arrays of numbers, and lists of texts."""


@dataclass(frozen=True)
class Step:
    """The computation of a step.

    `fit(spec, values)` gives what the step `learns`, `apply(spec, learned, values)` what it makes of the values. Missing numbers
    are NaN, missing texts and times null. An array that is learned has the last axes of a sample, unless `by_axes` is false.
    A value that it cannot take is a `RowError`.
    """

    learns: tuple[str, ...]
    fit: Callable[[Any, Any], dict[str, Any]]
    apply: Callable[[Any, Learned, Any], Array]
    by_axes: bool = True


class RowError(NetlabError):
    """A value that a step cannot take.

    Attributes:
        index: of its sample among those that were given.
        what: is wrong, as it follows `row 3`: `has no class`.
        place: stands in front of that: `column 'age'`.
    """

    def __init__(self, index: int, what: str, place: str = "") -> None:
        self.index, self.what, self.place = int(index), what, place
        super().__init__(f"{place and place + ': '}row {self.index} {what}")

    def within(self, place: str) -> RowError:
        """The same, of what is in that place."""
        return RowError(self.index, self.what, f"{place}: {self.place}" if self.place else place)

    def at(self, row: int) -> RowError:
        """The same, of the row by its number in the source."""
        return RowError(row, self.what, self.place)


def nothing(_spec: Any, _values: Values) -> dict[str, Any]:
    """The `fit` of a step that learns nothing."""
    return {}
