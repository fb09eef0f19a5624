"""What came out: the table at the end of a training, and that of an evaluation."""

from __future__ import annotations

from collections.abc import Mapping

from netlib.report import numbers
from netlib.report.layout import Cell, Column, table
from netlib.report.terminal import width

Metrics = Mapping[str, Mapping[str, float]]
"""By split, then by name."""

TRAIN_NOTE = "train: the mean over the epoch, while the weights changed; others: of its end"


def training_result(
    metrics: Metrics, *, best_epoch: int | None, epochs: int, seconds: float, color: bool = False
) -> str:
    """What the best epoch measured, a line a split; then which epoch that was, and how long it all took.

    `epochs` are those that are complete; the best one may be one that was cut short, and counts then.
    """
    best = "" if best_epoch is None else f"best epoch: {best_epoch} of {max(best_epoch, epochs)}, "
    measured = f"{_table(metrics, color)}\n\n" if metrics else ""
    note = f"{TRAIN_NOTE}\n" if "train" in metrics else ""
    return f"{measured}{note}{best}{numbers.duration(seconds)}\n"


def evaluation_result(
    checkpoint: str, split: str, samples: int, metrics: Mapping[str, float], color: bool = False
) -> str:
    """The metrics of one checkpoint on one split."""
    return f"{_table({split: metrics}, color)}\n\n{numbers.count(samples)} samples, {checkpoint}\n"


def _table(metrics: Metrics, color: bool) -> str:
    names = list(dict.fromkeys(name for values in metrics.values() for name in values))
    columns = [Column(""), *(Column(name, number=True) for name in names)]
    rows = [
        [Cell(split), *(Cell(numbers.metric(values[name]) if name in values else "") for name in names)]
        for split, values in metrics.items()
    ]
    return "\n".join(table(columns, rows, width(), color))
