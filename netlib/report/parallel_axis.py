"""An upright axis of parallel coordinates: where values stand on it, and what is written beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from netlib.report.side_by_side import cut
from netlib.report.sweep_table import said

POWERS_OF_TEN = 2
"""From so many on, positive numbers are spread on a logarithmic axis."""
FEW, REPEATED = 6, 2
"""Up to so many different numbers, each of which comes so many times on average, stand like choices."""
SHORT = 3
"""Powers of ten, up to which there are ticks between them."""
TICKS = 6
LONGEST = 18
"""Characters of a choice's name."""
MOST_NAMES = 12
"""Choices that are named."""


@dataclass(frozen=True)
class Axis:
    """An upright axis: values between two ends, or names in their order.

    Attributes:
        low: the value at the bottom.
        high: the value at the top.
        log: whether it is logarithmic.
        names: of choices; empty for numbers.
    """

    low: float = 0.0
    high: float = 1.0
    log: bool = False
    names: tuple[Any, ...] = ()

    @classmethod
    def of(cls, values: Sequence[Any]) -> Axis:
        """The axis on which all of these have a place; few numbers that come again and again stand like choices."""
        numeric = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
        different = [*dict.fromkeys(values)]
        if len(numeric) < len(values) or not numeric:
            return cls(names=tuple(sorted(different, key=lambda value: (isinstance(value, str), str(value)))))
        if len(different) <= FEW and REPEATED * len(different) <= len(values):
            return cls(names=tuple(sorted(different)))
        low, high = float(min(numeric)), float(max(numeric))
        return cls(low, high, low > 0 and math.log10(high / low) >= POWERS_OF_TEN)

    def height(self, value: Any) -> float:
        """Where a value is, from 0 to 1."""
        if self.names:
            index = next(index for index, name in enumerate(self.names) if name is value or name == value)
            return index / (len(self.names) - 1) if len(self.names) > 1 else 0.5
        low, high, at = (math.log(each) if self.log else each for each in (self.low, self.high, value))
        return (at - low) / (high - low) if high > low else 0.5

    def ticks(self) -> list[tuple[float, str]]:
        """Heights and what is written there."""
        if self.names:
            few = len(self.names) <= MOST_NAMES
            return [(self.height(name), cut(said(name), LONGEST) if few else "") for name in self.names]
        return [(self.height(value), said(value)) for value in self._round_numbers()]

    def _round_numbers(self) -> list[float]:
        """Those between the ends, or the ends where there are less than two."""
        from matplotlib.ticker import LogLocator, MaxNLocator

        short = self.log and math.log10(self.high / self.low) < SHORT
        locator: Any = LogLocator(subs=(1.0, 3.0) if short else (1.0,)) if self.log else MaxNLocator(TICKS)
        at = [float(value) for value in locator.tick_values(self.low, self.high)]
        inside = [value for value in at if self.low * (1 - 1e-9) <= value <= self.high * (1 + 1e-9)]
        return inside if len(inside) > 1 else list(dict.fromkeys((self.low, self.high)))
