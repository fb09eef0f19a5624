"""The worst mistakes as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from netlib.report import numbers
from netlib.report.layout import Cell, Column, table
from netlib.report.terminal import width

_LONGEST = 40


class Bad(NamedTuple):
    """A sample: its row and file, what is true, what was predicted with which probability, and how bad that is."""

    row: int
    file: str
    target: str
    prediction: str
    probability: float | None
    loss: float


def worst_table(title: str, rows: Sequence[Bad], measure: str, color: bool = False) -> str:
    """A line for each sample, the worst first; `measure` is the loss that tells. What no sample has is left out."""
    if not rows:
        return f"{title}: no mistakes\n"
    texts = {
        "file": [row.file for row in rows],
        "true": [_short(row.target) for row in rows],
        "predicted": [_short(row.prediction) for row in rows],
    }
    figures = {
        "probability": ["" if row.probability is None else numbers.metric(row.probability) for row in rows],
        "loss": [numbers.metric(row.loss) for row in rows],
    }
    columns = [Column("row", number=True)] + [Column(name) for name, each in texts.items() if any(each)]
    columns += [Column(name, number=True) for name, each in figures.items() if any(each)]
    shown = [each for each in (*texts.values(), *figures.values()) if any(each)]
    cells = [[Cell(str(row.row)), *(Cell(each[i]) for each in shown)] for i, row in enumerate(rows)]
    lines = table(columns, cells, width(), color)
    return "\n".join([f"{title}: the worst mistakes by {measure} (rows count from 0)", *lines]) + "\n"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
