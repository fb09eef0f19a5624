"""A list of runs as CSV, a row a run."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from netlib.tasks.listed_run import FACTS, Listed
from netlib.tasks.varying import flow


def runs_csv(listed: Sequence[Listed], columns: Sequence[str] | None = None) -> str:
    """Those columns; by default what is known of every run, all metrics, and all keys that differ. Numbers to the last digit."""
    names = list(columns) if columns is not None else _all(listed)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_exact(run.value(name)) for name in names] for run in listed)
    return text.getvalue()


def _exact(value: Any) -> str:
    return "" if value is None else repr(value) if isinstance(value, float) else flow(value)


def _all(listed: Sequence[Listed]) -> list[str]:
    metrics = [_names(run.overview.metrics) for run in listed]
    return list(dict.fromkeys([*FACTS, *(name for names in metrics for name in names), *_keys(listed)]))


def _names(metrics: Mapping[str, Mapping[str, float]]) -> list[str]:
    return [f"{split}.{name}" for split, values in metrics.items() for name in values]


def _keys(listed: Sequence[Listed]) -> list[str]:
    return [key for run in listed for key in run.differs]
