"""The errors of predicted numbers as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from netlib.report import numbers
from netlib.report.layout import Cell, Column, table, wrapped
from netlib.report.terminal import width

if TYPE_CHECKING:
    from netlib.scoring.errors import ErrorScores

NOTE = "error: prediction minus target"
BELOW = "; N % of the errors are below the figure under N %"
NOT_KEPT = "no quantiles: the errors are too many to keep them"


def error_table(title: str, rows: Mapping[str, ErrorScores], quantiles: Sequence[float], color: bool = False) -> str:
    """A line for each number that is predicted: means of the errors, and how they are distributed at these quantiles; these are a
    table of their own where the terminal is too narrow for one."""
    kept = all(each.quantiles for each in rows.values())
    means = {
        "MAE": [each.mae for each in rows.values()],
        "RMSE": [each.rmse for each in rows.values()],
        "R2": [each.r2 for each in rows.values()],
        "mean": [each.bias for each in rows.values()],
    }
    places = [(f"{100 * at:.0f} %", number) for number, at in enumerate(quantiles) if kept]
    below = {name: [each.quantiles[number] for each in rows.values()] for name, number in places}
    largest = {"largest": [each.largest for each in rows.values()]}
    lines = _table(title, [*rows], means | below | largest, color)
    if kept and max(map(len, _table(title, [*rows], means | below | largest))) > width():
        lines = [*_table(title, [*rows], means | largest, color), "", *_table(title, [*rows], below, color)]
    return (
        "\n".join([*lines, *wrapped(f"{NOTE}{BELOW if kept else ''}", width()), *([] if kept else [NOT_KEPT])]) + "\n"
    )


def _table(title: str, names: Sequence[str], figures: Mapping[str, Sequence[float]], color: bool = False) -> list[str]:
    columns = [Column(title), *(Column(name, number=True) for name in figures)]
    rows = [
        [Cell(name), *(Cell(numbers.metric(values[number])) for values in figures.values())]
        for number, name in enumerate(names)
    ]
    return table(columns, rows, width(), color)
