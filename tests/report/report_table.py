"""The table of all reports: a row for each, with how it is shown on so many columns, without or with colour."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import report_samples as samples
from report_samples import RUN, Utf8
from rich.console import Console, Group
from sample_graph import known_network, network

from netlib.config.problems import render
from netlib.report import (
    bench,
    changes,
    class_table,
    closing,
    comparison,
    confusion_text,
    curves_text,
    doctor,
    error_table,
    evaluation,
    export,
    header,
    layers,
    new,
    overfit,
    peek,
    profile,
    results,
    run_card,
    runs_table,
    summary,
    sweep_table,
    worst_table,
)
from netlib.report.summary_rows import StepMemory, summarise_graph
from netlib.scoring.confusion import most_confused
from netlib.scoring.errors import QUANTILES


@dataclass(frozen=True)
class Row:
    """A report.

    Attributes:
        show: its text on so many columns, without or with colour.
        of: the function that it is of.
        whole: matches lines that are not broken however narrow the terminal is: commands to copy, code, an error's own line.
        colored: whether there is colour in it.
    """

    show: Callable[[int, bool], str]
    of: Callable[..., Any]
    whole: str = r"(?!)"
    colored: bool = True

    def fits(self, line: str, columns: int) -> bool:
        """Whether the line is as long as it may be."""
        return len(line) <= columns or re.search(self.whole, line) is not None


def _course(columns: int, color: bool) -> str:
    file = Utf8()
    console = Console(
        file=file, width=columns, force_terminal=color, color_system="standard" if color else None, no_color=not color
    )
    console.print(Group(*samples.course().lines(columns, monitor="validation.loss")))
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"


def _class_table(columns: int, color: bool) -> str:
    return class_table.class_table("animal", samples.CLASSES, samples.SCORES, samples.ACCURACY, samples.AREAS, color)


def _matrix(names: list[str], matrix: Any) -> Callable[[int, bool], str]:
    pairs = most_confused(matrix, confusion_text.PAIRS)
    return lambda columns, color: confusion_text.confusion_text("animal", names, matrix, pairs, color)


def _errors(columns: int, color: bool) -> str:
    rows = {"price": samples.ERRORS.unit(0), "size": samples.ERRORS.unit(1), "all": samples.ERRORS.all()}
    return error_table.error_table("home", rows, QUANTILES, color)


def _summary(columns: int, color: bool) -> str:
    step = StepMemory(64, "graph", True, samples.MEMORY)
    return summary.as_tree(summarise_graph(known_network(), "net", step=step), columns, color)


COMMAND = r"netlab \w+"
ROWS: dict[str, Row] = {
    "bench": Row(lambda columns, color: bench.bench_text(samples.BENCH, columns, color), bench.bench_text),
    "change": Row(
        lambda columns, color: changes.change_line("train.epochs", "30", "60", color) + "\n", changes.change_line
    ),
    "class_table": Row(_class_table, class_table.class_table),
    "closing": Row(
        lambda columns, color: closing.next_commands(
            [("measure", f"netlab eval --checkpoint {RUN} --data {RUN}/of/my/own.csv")], color
        ),
        closing.next_commands, COMMAND,
    ),
    "columns": Row(
        lambda columns, color: runs_table.chosen_text(["name", "test.loss"], [["a", 0.123456], ["b", None]], color),
        runs_table.chosen_text,
    ),
    "comparison": Row(
        lambda columns, color: comparison.comparison_text(samples.SIDES, samples.TABLES, columns, color),
        comparison.comparison_text,
    ),
    "confused": Row(_matrix(samples.MANY, samples.MANY_MATRIX), confusion_text.confusion_text),
    "confusion": Row(_matrix(samples.CLASSES, samples.MATRIX), confusion_text.confusion_text),
    "course": Row(_course, samples.Course.lines),
    "curves": Row(
        lambda columns, color: curves_text.curves_text(samples.PANELS, curves_text.Style(columns, color=color)),
        curves_text.curves_text,
    ),
    "curves_ascii": Row(
        lambda columns, color: curves_text.curves_text(samples.PANELS, curves_text.Style(columns, draws=False, color=color)),
        curves_text.curves_text,
    ),
    "doctor": Row(lambda columns, color: doctor.diagnosis_text(samples.FOUND, Utf8()), doctor.diagnosis_text),
    "errors": Row(_errors, error_table.error_table),
    "evaluation": Row(
        lambda columns, color: results.evaluation_result(samples.CHECKPOINT, "test", 1270, samples.METRICS["test"], color),
        results.evaluation_result,
    ),
    "evaluations": Row(
        lambda columns, color: evaluation.evaluations_table(samples.EVALUATIONS, color), evaluation.evaluations_table
    ),
    "export": Row(
        lambda columns, color: export.export_result(
            Path("out"), 2048, samples.INPUTS, samples.OUTPUTS, samples.LATENCIES, color
        ),
        export.export_result, r"^model",
    ),
    "header": Row(
        lambda columns, color: "\n".join([*header.header_lines(RUN, samples.HEADER), ""]), header.header_lines,
        "^(samples|execution): ", colored=False,
    ),
    "kinds": Row(lambda columns, color: new.kinds_text(samples.KINDS, color), new.kinds_text, COMMAND),
    "layer": Row(
        lambda columns, color: layers.description_text(samples.DESCRIPTION, "- Dense: {units: 4}", ["loss.Dense"], Utf8()),
        layers.description_text,
    ),
    "layers": Row(lambda columns, color: layers.groups_text(samples.GROUPS, Utf8()), layers.groups_text, COMMAND),
    "overfit": Row(lambda columns, color: overfit.verdict(**samples.TRIAL, color=color), overfit.verdict),
    "peek": Row(lambda columns, color: peek.as_text(samples.LOOK, columns, color=color), peek.as_text),
    "problems": Row(
        lambda columns, color: render(samples.PROBLEMS, color=color, columns=columns) + "\n", render, "(error|warning): "
    ),
    "profile": Row(
        lambda columns, color: profile.profile_tables(samples.PROFILE, RUN / "profile", color), profile.profile_tables,
        "xprof --logdir",
    ),
    "removal": Row(
        lambda columns, color: runs_table.removal_text([*zip(samples.RUNS, samples.SIZES, strict=True)], columns),
        runs_table.removal_text, colored=False,
    ),
    "run_card": Row(lambda columns, color: run_card.as_text(samples.CARD) + "\n", run_card.as_text, colored=False),
    "runs": Row(lambda columns, color: runs_table.runs_text(samples.RUNS, columns, color), runs_table.runs_text),
    "summary_text": Row(
        lambda columns, color: summary.as_text(summarise_graph(network(), "net"), columns, color=color),
        summary.as_text,
    ),
    "summary_tree": Row(
        lambda columns, color: summary.as_tree(summarise_graph(network(), "net"), columns, color), summary.as_tree
    ),
    "summary_memory": Row(_summary, summary.as_tree),
    "sweep": Row(
        lambda columns, color: sweep_table.sweep_text(samples.SWEEP, columns, color), sweep_table.sweep_text
    ),
    "sweep_top": Row(
        lambda columns, color: sweep_table.sweep_text(samples.SMALL_SWEEP, columns, color, top=2), sweep_table.sweep_text
    ),
    "training": Row(
        lambda columns, color: results.training_result(samples.FEW_METRICS, best_epoch=9, epochs=14, seconds=12.34, color=color),
        results.training_result,
    ),
    "training_many": Row(
        lambda columns, color: results.training_result(samples.METRICS, best_epoch=9, epochs=14, seconds=12.34, color=color),
        results.training_result,
    ),
    "weights": Row(
        lambda columns, color: export.weights_result(Path("w.safetensors"), RUN, 2048), export.weights_result, colored=False
    ),
    "worst": Row(
        lambda columns, color: worst_table.worst_table("digit", samples.WORST, "cross-entropy", color),
        worst_table.worst_table,
    ),
    "written": Row(
        lambda columns, color: new.written_text(Path("churn.yaml"), "checked: 1,012 parameters", samples.CHOICES, color=color),
        new.written_text,
    ),
}  # fmt: skip
