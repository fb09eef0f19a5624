"""What evaluations measured: a line for each run and data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from netlib.report import numbers
from netlib.report.layout import Cell, Column, table
from netlib.report.terminal import width


class Measured(NamedTuple):
    """Of one evaluation: the checkpoint, the split or files, how many samples, and the metrics."""

    checkpoint: str
    data: str
    samples: int
    metrics: Mapping[str, float]


def evaluations_table(rows: Sequence[Measured], color: bool = False) -> str:
    """A line for each; what is the same in all of them is said once, below."""
    names = list(dict.fromkeys(name for row in rows for name in row.metrics))
    checkpoints, places = {row.checkpoint for row in rows}, {row.data for row in rows}
    beside = [
        (Column("checkpoint"), [Cell(row.checkpoint) for row in rows], len(checkpoints) > 1),
        (Column("data"), [Cell(row.data) for row in rows], len(places) > 1),
        (Column("samples", number=True), [Cell(numbers.count(row.samples)) for row in rows], True),
        *((Column(name, number=True), [_value(row.metrics, name) for row in rows], True) for name in names),
    ]
    shown = [(column, cells) for column, cells, wanted in beside if wanted]
    rows_of_cells = [*zip(*(cells for _, cells in shown), strict=True)]
    lines = table([column for column, _ in shown], rows_of_cells, width(), color)
    same = [
        *(checkpoints if len(checkpoints) == 1 else ()),
        *(f"data: {each}" for each in places if len(places) == 1),
    ]
    return "\n".join([*lines, *(["", ", ".join(same)] if same else [])]) + "\n"


def _value(metrics: Mapping[str, float], name: str) -> Cell:
    return Cell(numbers.metric(metrics[name]) if name in metrics else "")
