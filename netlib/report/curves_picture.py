"""Curves as a picture: one panel below the other, a colour a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netlib.report.curves import Curve, Panel
from netlib.report.drawing import new_figure, write_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH, PANEL_HEIGHT, LEGEND_ROW = 8.0, 3.2, 0.22
"""Inches."""
FAINT = 0.25
"""How much is seen of the values behind a smoothed curve."""


def draw_curves(panels: Sequence[Panel], path: Path) -> None:
    """Draws them into a file.

    Raises:
        UsageError: matplotlib is not there.
        NetlabError: the file cannot be written.
    """
    write_figure(curves_figure(panels), path)


def curves_figure(panels: Sequence[Panel]) -> Figure:
    """Train dashed, the others solid, a dot at each run's best epoch."""
    runs = list(dict.fromkeys(run for panel in panels for run in panel.runs))
    colors = {run: f"C{number % 10}" for number, run in enumerate(runs)}
    figure = new_figure(WIDTH, PANEL_HEIGHT * len(panels) + LEGEND_ROW * (len(runs) // 3 + 2))
    all_axes = figure.subplots(len(panels), squeeze=False)[:, 0]
    for axes, panel in zip(all_axes, panels, strict=True):
        for curve in panel.curves:
            _draw(axes, panel, curve, colors[curve.run])
        _label(axes, panel)
    figure.legend(
        handles=_handles(panels, colors), loc="outside lower center", ncols=3, frameon=False, fontsize="small"
    )
    return figure


def _draw(axes: Any, panel: Panel, curve: Curve, color: str) -> None:
    style = "--" if curve.dashed else "-"
    if curve.measured != curve.y:
        axes.plot(curve.x, curve.measured, color=color, linestyle=style, linewidth=1, alpha=FAINT)
    points = panel.drawn(curve)
    alone = "." if len(points) == 1 else None
    axes.plot([x for x, _ in points], [y for _, y in points], style, color=color, linewidth=1.5, marker=alone)
    if curve.best and panel.can_draw(curve.best[1]):
        axes.plot(*([value] for value in curve.best), "o", color=color, markersize=5)


def _label(axes: Any, panel: Panel) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.set_ylabel(panel.metric)
    axes.set_xlabel("seconds of training" if panel.x == "time" else panel.x)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    if panel.x != "time":
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if panel.log:
        axes.set_yscale("log")


def _handles(panels: Sequence[Panel], colors: dict[str, str]) -> list[Any]:
    """A line for each run in its colour, and one for each way to draw."""
    from matplotlib.lines import Line2D

    curves = [curve for panel in panels for curve in panel.curves]
    handles = [Line2D([], [], color=color, label=run) for run, color in colors.items()]
    splits = {curve.split for curve in curves}
    styles: dict[str, Any] = {"train": "--", "validation": "-"}
    handles += [
        Line2D([], [], color="gray", linestyle=style, label=split) for split, style in styles.items() if split in splits
    ]
    if any(curve.best for curve in curves):
        handles.append(Line2D([], [], color="gray", linestyle="", marker="o", markersize=5, label="best epoch"))
    return handles
