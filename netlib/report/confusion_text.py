"""A confusion matrix as text, or where it is too wide, the classes that are confused most often."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from netlib.report import numbers
from netlib.report.layout import GAP, Cell, Column, bold, joined, table
from netlib.report.terminal import width

if TYPE_CHECKING:
    from netlib.scoring.confusion import Confused

CORNER = "true \\ predicted"
PAIRS = 20
"""That are listed of classes that are confused, at most."""


def confusion_text(
    title: str,
    names: Sequence[str],
    matrix: Sequence[Sequence[float]] | Any,
    pairs: Sequence[Confused],
    color: bool = False,
) -> str:
    """A row for each true class, a column for what it was taken for; or `pairs` where that is wider than the terminal."""
    cells = [[_count(float(value)) for value in row] for row in matrix]
    columns = [max(len(name), *(len(row[i]) for row in cells)) for i, name in enumerate(names)]
    first = max(len(CORNER), *map(len, names))
    if first + sum(wide + len(GAP) for wide in columns) > width():
        return _pairs(title, names, pairs, color)
    head = joined([CORNER.ljust(first), *(name.rjust(wide) for name, wide in zip(names, columns, strict=True))])
    lines = [
        joined([name.ljust(first), *(text.rjust(wide) for text, wide in zip(row, columns, strict=True))])
        for name, row in zip(names, cells, strict=True)
    ]
    return "\n".join([title, bold(head, color), *lines]) + "\n"


def _pairs(title: str, names: Sequence[str], pairs: Sequence[Confused], color: bool) -> str:
    if not pairs:
        return f"{title}: no class was taken for another\n"
    columns = [Column("true"), Column("predicted"), Column("samples", number=True), Column("of the class", number=True)]
    rows = [
        [names[pair.target], names[pair.predicted], _count(pair.samples), f"{100 * pair.share:.1f} %"] for pair in pairs
    ]
    lines = table(columns, [[Cell(text) for text in row] for row in rows], width(), color)
    return "\n".join([f"{title}: the classes that are confused most often", *lines]) + "\n"


def _count(value: float) -> str:
    """A dot in place of nothing: the eye finds what is there."""
    return "." if not value else numbers.count(int(value)) if value == int(value) else numbers.metric(value)
