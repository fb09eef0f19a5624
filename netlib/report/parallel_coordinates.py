"""Parallel coordinates: an upright axis for each key, and for each trial a line through its values to what it reached."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from netlib.report import numbers
from netlib.report.parallel_axis import Axis
from netlib.report.side_by_side import short_names
from netlib.spec.study import StudyView, TrialView

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ABSENT = -0.12
"""Where a line passes an axis whose key the trial does not have: below it."""
WORST_SHARE = 0.1
"""Of the trials, which all have the colour of the worst: a few bad ones would take all colours for themselves."""


def draw_parallel(figure: Figure, axes: Any, view: StudyView, keys: Sequence[str]) -> None:
    """Draws complete trials in the colour of their value, the best one thick, and pruned ones grey behind them."""
    trials = [trial for trial in view.of("complete") if _is_finite(trial)]
    drawn = [*trials, *view.of("pruned")]
    keys = [key for key in keys if any(key in trial.params for trial in drawn)]
    axes.set_axis_off()
    if not trials or not keys:
        axes.text(0.0, 0.9, "no trial is complete yet", transform=axes.transAxes, color="gray", fontsize="small")
        return
    upright = {key: Axis.of([trial.params[key] for trial in drawn if key in trial.params]) for key in keys}
    value_axis = Axis.of([trial.value for trial in trials])
    colors, scale = _colors(view, trials)
    for trial in view.of("pruned"):
        heights = [_height(axis, trial, key) for key, axis in upright.items()]
        axes.plot(range(len(keys)), heights, color="#cccccc", linewidth=0.8, alpha=0.6, zorder=1)
    for trial in sorted(trials, key=view.rank, reverse=True):
        heights = [*(_height(axis, trial, key) for key, axis in upright.items()), value_axis.height(trial.value)]
        is_best = view.best is not None and trial.number == view.best.number
        style = {"linewidth": 3.0, "zorder": 4} if is_best else {"linewidth": 1.3, "zorder": 3, "alpha": 0.8}
        axes.plot(range(len(keys) + 1), heights, color=colors(scale(trial.value)), solid_joinstyle="round", **style)
    short = short_names(keys)
    absent = {key for key in keys if any(key not in trial.params for trial in drawn)}
    for place, key in enumerate(keys):
        _draw_axis(axes, place, upright[key], short[key], key in absent)
    _draw_axis(axes, len(keys), value_axis, view.metric, False)
    axes.set_xlim(-0.35, len(keys) + 0.15)
    axes.set_ylim((ABSENT if absent else 0) - 0.06, 1.12)
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
