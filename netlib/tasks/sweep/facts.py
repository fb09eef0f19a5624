"""A sweep for other programs: as plain values for JSON, and its trials as CSV, numbers to the last digit."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from netlib.report.sweep_table import ranked
from netlib.spec.study import StudyView, TrialView
from netlib.tasks.varying import flow

COLUMNS = ("trial", "state", "value", "epochs", "seconds", "run", "why")


def facts(view: StudyView, importance: Mapping[str, float]) -> dict[str, Any]:
    """All that is known, the trials by number."""
    best = view.best
    return {
        "name": view.name,
        "metric": view.metric,
        "direction": view.direction,
        "wanted": view.wanted,
        "storage": view.storage,
        "best": None if best is None else best.number,
        "importance": dict(importance),
        "trials": [_plain(trial) for trial in view.trials],
    }


def sweep_csv(view: StudyView) -> str:
    """A row for each trial, the best first; a column for each key, empty where a trial does not have it."""
    keys = list(dict.fromkeys(key for trial in view.trials for key in trial.params))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*COLUMNS, *keys])
    for trial in ranked(view):
        plain = _plain(trial)
        given = [_exact(trial.params[key]) if key in trial.params else "" for key in keys]
        writer.writerow([*("" if plain[name] is None else _exact(plain[name]) for name in COLUMNS), *given])
    return text.getvalue()


def _plain(trial: TrialView) -> dict[str, Any]:
    return {
        "trial": trial.number,
        "state": trial.state,
        "value": trial.value,
        "params": dict(trial.params),
        "run": None if trial.run is None else str(trial.run),
        "seconds": trial.seconds,
        "epochs": trial.epochs,
        "why": trial.why,
    }


def _exact(value: Any) -> str:
    return repr(value) if isinstance(value, float) else value if isinstance(value, str) else flow(value)
