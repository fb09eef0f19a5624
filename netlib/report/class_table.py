"""Precision, recall and F1 of classes as a table, with their means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from netlib.report import numbers
from netlib.report.layout import Cell, Column, table
from netlib.report.terminal import width

if TYPE_CHECKING:
    from netlib.scoring.classes import ClassScores
    from netlib.scoring.curves import Best, Curves

MACRO, WEIGHTED = "macro mean", "weighted mean"
NOT_KEPT = "no areas under curves: the samples are too many to keep their scores"


def class_table(
    title: str,
    names: Sequence[str],
    scores: ClassScores,
    accuracy: float,
    curves: Sequence[Curves | None],
    color: bool = False,
) -> str:
    """A line for each class, then the means. The areas are those under the ROC curve (AUC), and the average precision (AP), of
    a class against the rest."""
    figures = [("precision", scores.precision), ("recall", scores.recall), ("F1", scores.f1)]
    areas = [("AUC", [numbers.metric(each.roc_auc) if each else "-" for each in curves])]
    areas += [("AP", [numbers.metric(each.average_precision) if each else "-" for each in curves])]
    columns = [Column(title), *(Column(name, number=True) for name, _ in figures)]
    columns += [Column(name, number=True) for name, _ in areas if curves] + [Column("support", number=True)]
    rows = [
        [
            name,
            *(numbers.metric(values[i]) for _, values in figures),
            *(each[i] for _, each in areas if curves),
            support,
        ]
        for i, (name, support) in enumerate(zip(names, map(_support, scores.support), strict=True))
    ]
    blank = [""] * (2 if curves else 0)
    total = _support(sum(scores.support))
    for name, means in ((MACRO, scores.macro), (WEIGHTED, scores.weighted)):
        rows.append([name, *(numbers.metric(mean) for mean in means), *blank, total])
    lines = table(columns, [[Cell(text) for text in row] for row in rows], width(), color)
    note = [] if curves else [NOT_KEPT]
    return "\n".join([*lines, f"accuracy {numbers.metric(accuracy)}", *note]) + "\n"


def threshold_line(name: str, best: Best) -> str:
    """Of two classes: from which probability of the second one on it is best predicted."""
    found = f"precision {numbers.metric(best.precision)}, recall {numbers.metric(best.recall)}"
    threshold = numbers.metric(best.threshold)
    return f"best F1 of {name}: {numbers.metric(best.f1)} from probability {threshold} on ({found})\n"


def _support(value: float) -> str:
    return numbers.count(int(value)) if value == int(value) else numbers.metric(value)
