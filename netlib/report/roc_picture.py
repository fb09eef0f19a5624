"""ROC and precision-recall curves as a picture, one class against the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from netlib.report import numbers
from netlib.report.drawing import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from netlib.scoring.curves import Curves

MOST_DRAWN = 10
"""Classes that are drawn: of more, those with the smallest areas."""
_LONGEST_NAME = 24


def roc_figure(curves: Sequence[Curves | None], names: Sequence[str], title: str = "") -> Figure:
    """Both curves of each class that has some, side by side, with their areas.

    Raises:
        UsageError: matplotlib is not there.
    """
    drawn = [(name, each) for name, each in zip(names, curves, strict=True) if each]
    if len(drawn) > MOST_DRAWN:
        drawn = sorted(drawn, key=lambda pair: pair[1].roc_auc)[:MOST_DRAWN]
        title = f"{title} (the {MOST_DRAWN} of {len(names)} classes with the smallest areas)"
    figure = new_figure(10, 5)
    if title:
        figure.suptitle(title, parse_math=False)
    roc, found = figure.subplots(1, 2)
    roc.plot([0, 1], [0, 1], color="0.8", linewidth=1, linestyle="--")
    for name, each in drawn:
        roc.plot([0, *each.false_positive_rate], [0, *each.recall], label=_label(name, "AUC", each.roc_auc))
        found.step(
            [0, *each.recall], [each.precision[0], *each.precision], label=_label(name, "AP", each.average_precision)
        )
    _finish(roc, "false positive rate", "true positive rate", "lower right")
    _finish(found, "recall", "precision", "lower left")
    return figure


def _label(name: str, area: str, value: float) -> str:
    short = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 3]}..."
    return f"{short}: {area} {numbers.metric(value)}"


def _finish(axes: Axes, x: str, y: str, place: Literal["lower left", "lower right"]) -> None:
    axes.set(xlabel=x, ylabel=y, xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
    axes.grid(color="0.92")
    if axes.get_legend_handles_labels()[0]:
        for text in axes.legend(loc=place, fontsize=8).get_texts():
            text.set_parse_math(False)
