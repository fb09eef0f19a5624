"""What is drawn of runs: curves of metrics, in panels, one a metric. Values only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Curve:
    """A metric of one split of one run, point by point.

    `y` is what is drawn, `measured` what was measured where `y` is smoothed; `split` is empty for what is of no split, such as
    the learning rate. `best` is the point of the run's best epoch.
    """

    run: str
    split: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    measured: tuple[float, ...]
    best: tuple[float, float] | None = None

    @property
    def dashed(self) -> bool:
        """Whether it is drawn so: what was measured while the weights changed."""
        return self.split == "train"


@dataclass(frozen=True)
class Panel:
    """The curves of one metric; `x` says what the horizontal axis is, `log` that the other one is logarithmic."""

    metric: str
    x: str
    log: bool
    curves: tuple[Curve, ...]

    @property
    def runs(self) -> list[str]:
        """The runs that have a curve, in order."""
        return list(dict.fromkeys(curve.run for curve in self.curves))

    def drawn(self, curve: Curve) -> list[tuple[float, float]]:
        """The points of a curve that can be drawn."""
        return [(x, y) for x, y in zip(curve.x, curve.y, strict=True) if self.can_draw(y)]

    def can_draw(self, y: float) -> bool:
        """Whether it is a number, and with a logarithmic axis above zero."""
        return math.isfinite(y) and (y > 0 or not self.log)


def smoothed(values: Sequence[float], weight: float) -> tuple[float, ...]:
    """Means that fade: each value before counts `weight` times as much as the one after it; 0 leaves them as they are.

    The first values have no zeros mixed in: it is a weighted mean of what there is (as Adam corrects its averages).
    """
    found, total, weights = [], 0.0, 0.0
    for value in values:
        if math.isfinite(value):
            total, weights = total * weight + value, weights * weight + 1.0
            found.append(total / weights)
        else:
            found.append(value)
    return tuple(found)
