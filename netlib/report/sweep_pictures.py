"""A sweep as a picture: how the trials became better, which keys matter, and which values go together with a good trial."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netlib.report import numbers
from netlib.report.drawing import new_figure, write_figure
from netlib.report.parallel_coordinates import draw_parallel
from netlib.report.side_by_side import short_names
from netlib.report.sweep_table import BETTER, counted, varying
from netlib.spec.study import TELLING, StudyView, TrialState, TrialView

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 11.0, 8.5
"""Inches."""
BEST, COMPLETE, PRUNED = "#d62728", "#1f77b4", "#9a9a9a"
MOST_BARS = 12
MOST_AXES = 8
"""Keys in the parallel coordinates: the most important ones."""
WIDE = 50.0
"""Values whose largest is so many times the smallest are drawn on a logarithmic axis."""


def draw_sweep(view: StudyView, importance: Mapping[str, float], path: Path) -> None:
    """Draws it into a file.

    Raises:
        UsageError: matplotlib is not there.
        NetlabError: the file cannot be written.
    """
    write_figure(sweep_figure(view, importance), path)


def sweep_figure(view: StudyView, importance: Mapping[str, float]) -> Figure:
    """History and importance side by side, parallel coordinates below.

    Args:
        view: the trials.
        importance: by key of the space, how much of the difference between trials it explains; nothing where that is not known.
    """
    figure = new_figure(WIDTH, HEIGHT)
    figure.suptitle(f"{view.name}: {counted(view)}", fontsize="medium", parse_math=False)
    grid = figure.add_gridspec(2, 5, height_ratios=(1, 1.15))
    _draw_history(figure.add_subplot(grid[0, :3]), view)
    _draw_importance(figure.add_subplot(grid[0, 3:]), view, importance)
    keys = varying(view)
    chosen = sorted(keys, key=lambda key: -importance.get(key, 0.0))[:MOST_AXES]
    draw_parallel(figure, figure.add_subplot(grid[1, :]), view, [key for key in keys if key in chosen])
    return figure


def is_wide(values: Sequence[float]) -> bool:
    """Whether the values are better seen on a logarithmic axis."""
    return bool(values) and min(values) > 0 and max(values) / min(values) >= WIDE


def best_so_far(view: StudyView) -> list[tuple[int, float]]:
    """The number of each complete trial, with the best value among those up to it."""
    found: list[tuple[int, float]] = []
    for trial in sorted(_measured(view.of("complete")), key=lambda each: each.number):
        value = trial.value
        assert value is not None
        before = found[-1][1] if found else value
        found.append((trial.number, min(before, value) if view.direction == "min" else max(before, value)))
    return found


def _measured(trials: Sequence[TrialView]) -> list[TrialView]:
    return [trial for trial in trials if trial.value is not None and math.isfinite(trial.value)]


def _draw_history(axes: Any, view: StudyView) -> None:
    from matplotlib.ticker import MaxNLocator

    _draw_trials(axes, view)
    _draw_best(axes, view)
    if is_wide([trial.value for trial in _measured(view.trials) if trial.value is not None]):
        axes.set_yscale("log")
    axes.set_xlabel("trial")
    axes.set_ylabel(f"{view.metric}\n({BETTER[view.direction]})", parse_math=False)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize="small", loc="best")


def _draw_trials(axes: Any, view: StudyView) -> None:
    styles: Mapping[TrialState, Mapping[str, Any]] = {
        "pruned": {"marker": "x", "color": PRUNED, "s": 22, "linewidths": 1},
        "complete": {"marker": "o", "color": COMPLETE, "s": 22, "linewidths": 0, "alpha": 0.75},
    }
    for state, style in styles.items():
        if trials := _measured(view.of(state)):
            x, y = [trial.number for trial in trials], [trial.value for trial in trials]
            axes.scatter(x, y, label=state, zorder=3, **style)
    if failed := [trial.number for trial in view.of("failed")]:
        axes.plot(failed, [0.02] * len(failed), "|", color=BEST, transform=axes.get_xaxis_transform(), label="failed")


def _draw_best(axes: Any, view: StudyView) -> None:
    """The best so far as a line to the last trial, the best of all as a star."""
    best, line = view.best, best_so_far(view)
    if not line:
        return
    x, y = zip(*line, (max(trial.number for trial in view.trials), line[-1][1]), strict=True)
    axes.plot(x, y, drawstyle="steps-post", color=BEST, linewidth=1.6, label="best so far", zorder=2)
    if best and best.value is not None:
        axes.scatter([best.number], [best.value], marker="*", s=160, color=BEST, zorder=4)
        title = f"best {numbers.metric(best.value)}, trial {best.number}"
        axes.set_title(title, loc="left", fontsize="medium", parse_math=False)


def _draw_importance(axes: Any, view: StudyView, importance: Mapping[str, float]) -> None:
    axes.set_title("importance", loc="left", fontsize="medium")
    ordered = sorted(importance.items(), key=lambda item: item[1])[-MOST_BARS:]
    if not ordered:
        axes.set_axis_off()
        axes.text(0.0, 0.9, _why_unknown(view), transform=axes.transAxes, color="gray", fontsize="small")
        return
    short = short_names(varying(view))
    names = [short.get(key, key) for key, _ in ordered]
    bars = axes.barh(range(len(ordered)), [value for _, value in ordered], color=COMPLETE, height=0.6)
    axes.bar_label(bars, [f"{value:.0%}" for _, value in ordered], padding=3, fontsize="small")
    axes.set_yticks(range(len(ordered)), names)
    for text in axes.get_yticklabels():
        text.set_parse_math(False)
    axes.set_xlim(0, max(value for _, value in ordered) * 1.15 or 1)
    axes.set_ylim(-0.6, max(len(ordered), 4) - 0.4)
    axes.xaxis.set_visible(False)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.tick_params(axis="y", length=0)


def _why_unknown(view: StudyView) -> str:
    return (
        f"told from {TELLING} complete trials on" if len(view.of("complete")) < TELLING else "no key is in all trials"
    )
