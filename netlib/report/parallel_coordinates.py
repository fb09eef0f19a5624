"""Parallel coordinates: an upright axis for each key, and for each trial a line through its values to what it reached."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netlib.report import numbers
from netlib.report.side_by_side import cut, short_names
from netlib.report.sweep_table import said
from netlib.spec.study import StudyView, TrialView

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ABSENT = -0.12
"""Where a line passes an axis whose key the trial does not have: below it."""
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
WORST_SHARE = 0.1
"""Of the trials, which all have the colour of the worst: a few bad ones would take all colours for themselves."""


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


def draw_parallel(figure: Figure, axes: Any, view: StudyView, keys: Sequence[str]) -> None:
    """Draws complete trials in the colour of their value, the best one thick, and pruned ones grey behind them."""
    trials = [trial for trial in view.of("complete") if _is_finite(trial)]
    axes.set_axis_off()
    if not trials or not keys:
        axes.text(0.0, 0.9, "no trial is complete yet", transform=axes.transAxes, color="gray", fontsize="small")
        return
    pruned = view.of("pruned")
    upright = {key: Axis.of([t.params[key] for t in (*trials, *pruned) if key in t.params]) for key in keys}
    value_axis = Axis.of([trial.value for trial in trials])
    places = [*range(len(keys) + 1)]
    for trial in pruned:
        heights = [_height(upright[key], trial, key) for key in keys]
        axes.plot(places[:-1], heights, color="#cccccc", linewidth=0.8, alpha=0.6, zorder=1)
    colors, scale = _colors(view, trials)
    for trial in sorted(trials, key=view.rank, reverse=True):
        heights = [*(_height(upright[key], trial, key) for key in keys), value_axis.height(trial.value)]
        is_best = view.best is not None and trial.number == view.best.number
        style = {"linewidth": 3.0, "zorder": 4} if is_best else {"linewidth": 1.3, "zorder": 3, "alpha": 0.8}
        axes.plot(places, heights, color=colors(scale(trial.value)), solid_joinstyle="round", **style)
    short = short_names(keys)
    absent = [any(key not in trial.params for trial in trials) for key in keys]
    for place, key, is_absent in zip(places, keys, absent, strict=False):
        _draw_axis(axes, place, upright[key], short[key], is_absent)
    _draw_axis(axes, places[-1], value_axis, view.metric, False)
    axes.set_xlim(-0.35, len(keys) + 0.15)
    axes.set_ylim(ABSENT - 0.06, 1.12)
    _colorbar(figure, axes, view, colors, scale)


def _height(axis: Axis, trial: TrialView, key: str) -> float:
    return axis.height(trial.params[key]) if key in trial.params else ABSENT


def _draw_axis(axes: Any, place: int, axis: Axis, title: str, absent: bool) -> None:
    axes.plot([place, place], [0, 1], color="black", linewidth=1, zorder=5)
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.6}
    ticks = [*axis.ticks(), *([(ABSENT, "not there")] if absent else [])]
    for height, text in ticks:
        axes.plot([place - 0.015, place], [height, height], color="black", linewidth=1, zorder=5)
        axes.text(place - 0.03, height, text, ha="right", va="center", fontsize=8, zorder=6, bbox=box, parse_math=False)
    axes.text(place, 1.07, title, ha="center", va="bottom", fontsize=9, fontweight="bold", parse_math=False)


def _colors(view: StudyView, trials: Sequence[TrialView]) -> tuple[Any, Any]:
    """The colours, the best values dark, and what brings a value to its place among them."""
    from matplotlib import colormaps
    from matplotlib.colors import Normalize

    ordered = [trial.value for trial in sorted(trials, key=view.rank) if trial.value is not None]
    best, worst = ordered[0], ordered[math.floor((len(ordered) - 1) * (1 - WORST_SHARE))]
    low, high = (best, worst) if view.direction == "min" else (worst, best)
    colors = colormaps["viridis" if view.direction == "min" else "viridis_r"]
    return colors, Normalize(low, high if high > low else low + 1e-12, clip=True)


def _colorbar(figure: Figure, axes: Any, view: StudyView, colors: Any, scale: Any) -> None:
    from matplotlib.cm import ScalarMappable

    bar = figure.colorbar(ScalarMappable(scale, colors), ax=axes, shrink=0.8, pad=0.01, aspect=30)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=8)
    ticks = [scale.vmin, (scale.vmin + scale.vmax) / 2, scale.vmax]
    bar.set_ticks(ticks, labels=[numbers.metric(value) for value in ticks])
    if view.direction == "min":
        bar.ax.invert_yaxis()


def _is_finite(trial: TrialView) -> bool:
    return trial.value is not None and math.isfinite(trial.value)
