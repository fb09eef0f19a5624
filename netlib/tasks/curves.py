"""Curves of runs from their metrics logs; runs that are being trained have theirs so far."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Literal, TypeGuard, get_args

from netlib.report.curves import Curve, Panel, smoothed
from netlib.runs import history
from netlib.runs.directory import RunDirectory, open_run
from netlib.runs.overview import overview
from netlib.spec.errors import NetlabError, UsageError, did_you_mean, one_of

X = Literal["epoch", "step", "time"]
SPLITS = ("train", "validation")
ALONE = ("learning_rate", "samples_per_second", "seconds")
"""What a record has of no split."""
Record = Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """What is to be drawn.

    Attributes:
        metrics: `loss` of every split, `validation.loss` of one, `learning_rate`; the loss and the first metric where none
            is named.
        x: epochs, updates of the weights, or seconds of training.
        smooth: see `netlib.report.curves.smoothed`.
        log: whether the vertical axis is logarithmic.
    """

    metrics: tuple[str, ...] = ()
    x: str = "epoch"
    smooth: float = 0.0
    log: bool = False


@dataclass(frozen=True)
class _Logged:
    """A run by the name that it is drawn under, with its epochs."""

    name: str
    records: Sequence[Record]
    best_epoch: int | None


def curves(paths: Sequence[Path], asked: Asked = Asked()) -> list[Panel]:
    """A panel for each metric, with the curves of all runs that have it.

    Raises:
        UsageError: there is no such run or metric, or no run has come to the end of an epoch.
        NetlabError: a metrics log is damaged.
    """
    if asked.x not in get_args(X):
        raise UsageError(f"-x is {one_of(get_args(X))}, got '{asked.x}'{did_you_mean(asked.x, get_args(X))}")
    runs = list({path.resolve(): open_run(path) for path in paths}.values())
    logged = [_logged(run, name) for run, name in zip(runs, _names(runs), strict=True)]
    if not any(run.records for run in logged):
        raise NetlabError(f"there is nothing to draw yet: no complete epoch in {', '.join(run.name for run in logged)}")
    known = list(dict.fromkeys(name for run in logged for record in run.records for name in _metrics(record)))
    return [_panel(metric, logged, asked, known) for metric in asked.metrics or known[:2]]


def points(panels: Sequence[Panel]) -> list[dict[str, Any]]:
    """For a program: each curve with what was measured, and what is drawn where that is smoothed."""
    found = []
    for panel in panels:
        for curve in panel.curves:
            values: dict[str, Any] = {
                "run": curve.run,
                "metric": panel.metric,
                "split": curve.split or None,
                panel.x: list(curve.x),
            }
            values["values"] = list(curve.measured)
            if curve.measured != curve.y:
                values["smoothed"] = list(curve.y)
            values["best"] = None if curve.best is None else {panel.x: curve.best[0], "value": curve.best[1]}
            found.append(values)
    return found


def points_csv(panels: Sequence[Panel]) -> str:
    """The same as a table, a point a row."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["run", "split", "metric", panels[0].x, "value", "smoothed"])
    for panel in panels:
        for curve in panel.curves:
            rows = zip(curve.x, curve.measured, curve.y, strict=True)
            writer.writerows([curve.run, curve.split, panel.metric, repr(x), repr(v), repr(y)] for x, v, y in rows)
    return text.getvalue()


def _names(runs: Sequence[RunDirectory]) -> list[str]:
    """The folders' own names; whole paths where two are the same."""
    names = [run.name for run in runs]
    return [str(run.path) if names.count(name) > 1 else name for run, name in zip(runs, names, strict=True)]


def _logged(run: RunDirectory, name: str) -> _Logged:
    records = [record for record in history.read(run).records if "train" in record]
    return _Logged(name, records, overview(run).best_epoch)


def _metrics(record: Record) -> Iterator[str]:
    for split in SPLITS:
        yield from record.get(split) or ()


def _panel(metric: str, logged: Sequence[_Logged], asked: Asked, known: Sequence[str]) -> Panel:
    split, _, name = metric.partition(".")
    splits, name = ((split,), name) if split in SPLITS and name else (SPLITS, metric)
    if metric in ALONE:
        splits = ("",)
    found = [curve for run in logged for each in splits if (curve := _curve(run, each, name, asked))]
    if not found:
        names = [*known, *(f"{split}.{each}" for split in SPLITS for each in known), *ALONE]
        hint = did_you_mean(metric, names) or f"; there are {', '.join([*known, *ALONE])}"
        raise UsageError(f"no run has the metric '{metric}'{hint}")
    return Panel(name, asked.x, asked.log, _with_best(found))


def _curve(run: _Logged, split: str, metric: str, asked: Asked) -> Curve | None:
    places = _places(run.records, asked.x)
    values = [(record.get(split) or {} if split else record).get(metric) for record in run.records]
    there = [(x, float(y), record) for x, y, record in zip(places, values, run.records, strict=True) if _is_number(y)]
    if not there:
        return None
    measured = tuple(y for _, y, _ in there)
    drawn = smoothed(measured, asked.smooth) if asked.smooth else measured
    best = next(
        ((x, y) for (x, _, record), y in zip(there, drawn, strict=True) if record["epoch"] == run.best_epoch), None
    )
    return Curve(run.name, split, tuple(x for x, _, _ in there), drawn, measured, best)


def _places(records: Sequence[Record], x: str) -> list[float]:
    if x == "time":
        return list(accumulate(float(record.get("seconds", 0.0)) for record in records))
    return [float(record[x]) for record in records]


def _with_best(found: Sequence[Curve]) -> tuple[Curve, ...]:
    """The best epoch is marked once a run, on the curve of the validation if there is one."""
    solid = {curve.run for curve in found if not curve.dashed}
    return tuple(
        Curve(curve.run, curve.split, curve.x, curve.y, curve.measured)
        if curve.dashed and curve.run in solid
        else curve
        for curve in found
    )


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
