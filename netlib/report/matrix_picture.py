"""A confusion matrix as a picture: a row for each true class, a column for what it was taken for, dark where there is much."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from netlib.report import numbers
from netlib.report.drawing import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_WRITTEN = 30
"""Classes up to which each cell has its number."""
MOST_NAMED = 100
"""Classes up to which each has its name at the side."""
_LONGEST_NAME = 24
_INCH_A_CLASS = 0.42
_SMALLEST, _LARGEST = 3.5, 14.0


def matrix_figure(matrix: Sequence[Sequence[float]] | Any, names: Sequence[str], title: str = "") -> Figure:
    """The matrix, [true class, predicted class], as shares of each true class in colour, with the counts in the cells.

    Raises:
        UsageError: matplotlib is not there.
    """
    rows = [[float(value) for value in row] for row in matrix]
    side = min(max(_SMALLEST, _INCH_A_CLASS * len(rows)), _LARGEST)
    figure = new_figure(side + 1.5, side + 1.0)
    axes = figure.add_subplot()
    shares = [[value / total if (total := sum(row)) else 0.0 for value in row] for row in rows]
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    figure.colorbar(image, ax=axes, label="share of the true class", shrink=0.8)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    if title:
        axes.set_title(title, parse_math=False)
    _name(axes, names)
    if len(rows) <= MOST_WRITTEN:
        _write(axes, rows, shares)
    return figure


def _name(axes: Axes, names: Sequence[str]) -> None:
    if len(names) > MOST_NAMED:
        return
    short = [name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 3]}..." for name in names]
    slanted = max(map(len, short), default=0) > 2
    axes.set_xticks(range(len(short)), short)
    axes.set_yticks(range(len(short)), short)
    for text in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        text.set_parse_math(False)  # names are no formulas: a dollar is a dollar
        text.set_fontsize(10 if len(names) <= MOST_WRITTEN else 5)
    for text in axes.get_xticklabels() if slanted else ():
        text.set(rotation=45, ha="right", rotation_mode="anchor")


def _write(axes: Axes, rows: Sequence[Sequence[float]], shares: Sequence[Sequence[float]]) -> None:
    """The counts in the cells but for zeros, white on dark."""
    for i, row in enumerate(rows):
        for j, value in enumerate(row):
            if value:
                text = numbers.count(int(value)) if value == int(value) else numbers.metric(value)
                size = 9 if len(text) <= 4 else 36 / len(text)
                axes.text(
                    j,
                    i,
                    text,
                    ha="center",
                    va="center",
                    fontsize=size,
                    color="white" if shares[i][j] > 0.5 else "black",
                )
