"""Evaluations as a person or a program reads them: which tables are shown, JSON, CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from netlib.report.class_table import class_table, threshold_line
from netlib.report.confusion_text import PAIRS, confusion_text
from netlib.report.error_table import error_table
from netlib.report.evaluation import Measured, evaluations_table
from netlib.report.results import evaluation_result
from netlib.report.worst_table import Bad, worst_table
from netlib.scoring.confusion import most_confused
from netlib.scoring.errors import QUANTILES
from netlib.tasks.evaluate import Evaluation
from netlib.tasks.plan import EvaluationPlan
from netlib.tasks.scored import Scored

FEW = 20
"""Classes of which there is a table though nobody asked for one, at most."""


@dataclass(frozen=True)
class Shown:
    """The tables that are asked for: of the scores, the confusion matrix, and of so many of the worst mistakes."""

    scores: bool = False
    matrix: bool = False
    worst: int = 0


def worth_showing(plans: Sequence[EvaluationPlan]) -> bool:
    """Whether the scores are shown though nobody asked for them: of one evaluation with few classes or numbers."""
    if len(plans) != 1 or not plans[0].config.graph.known:
        return False
    outputs = plans[0].config.graph.output_tensors().values()
    return all(len(tensor.shape) <= 2 and (tensor.shape[-1] or 1) <= FEW for tensor in outputs)


def text_of(evaluations: Sequence[Evaluation], shown: Shown, color: bool) -> str:
    """The metrics as one table, and what else is shown of each evaluation below."""
    if len(evaluations) == 1:
        (only,) = evaluations
        head = evaluation_result(str(only.checkpoint), only.data, only.samples, only.metrics, color)
        return "\n".join([head, *_tables(only, shown, color)])
    rows = [Measured(str(each.checkpoint), each.data, each.samples, each.metrics) for each in evaluations]
    parts = [evaluations_table(rows, color)]
    for each in evaluations:
        if tables := [*_tables(each, shown, color)]:
            parts += [f"{each.checkpoint}, {each.data}:\n", *tables]
    return "\n".join(parts)


def plain_of(evaluation: Evaluation, shown: Shown) -> dict[str, Any]:
    """For JSON: the metrics, and the scores of each output if there are some."""
    values: dict[str, Any] = {
        "checkpoint": str(evaluation.checkpoint),
        "split": evaluation.split,
        "data": evaluation.data,
        "samples": evaluation.samples,
        "metrics": evaluation.metrics,
    }
    if evaluation.data == evaluation.split:
        del values["data"]
    else:
        del values["split"]
    outputs = {each.output: each.to_plain(bool(shown.worst)) for each in evaluation.outputs}
    return {**values, **({"outputs": outputs} if outputs else {})}


def csv_of(evaluations: Sequence[Evaluation]) -> str:
    """The metrics, a line for each evaluation."""
    names = list(dict.fromkeys(name for each in evaluations for name in each.metrics))
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["checkpoint", "data", "samples", *names])
    for each in evaluations:
        metrics = [repr(each.metrics[name]) if name in each.metrics else "" for name in names]
        writer.writerow([each.checkpoint, each.data, each.samples, *metrics])
    return stream.getvalue()


def _tables(evaluation: Evaluation, shown: Shown, color: bool) -> Iterator[str]:
    for each in evaluation.outputs:
        if each.left_out:
            yield f"{each.output}: only its metrics, for {each.left_out}\n"
            continue
        if shown.scores:
            yield _scores(each, color)
        if shown.matrix and each.classes and each.classes.matrix is not None:
            matrix = each.classes.matrix
            yield confusion_text(each.output, each.classes.names, matrix, most_confused(matrix, PAIRS), color)
        if shown.worst:
            rows = [Bad(w.row, w.file, w.target, w.prediction, w.probability, w.loss) for w in each.worst]
            yield worst_table(each.output, rows, each.measure, color)


def _scores(scored: Scored, color: bool) -> str:
    if scored.classes is None:
        return error_table(scored.output, scored.values, QUANTILES, color)
    found = scored.classes
    table = class_table(scored.output, found.names, found.scores, found.accuracy, found.curves, color)
    second = found.curves[1] if found.matrix is not None and len(found.curves) == 2 else None
    return table + (threshold_line(found.names[1], second.best) if second else "")
