from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from netlib.runs.directory import RunDirectory
from netlib.spec.errors import NetlabError, UsageError
from netlib.training.callbacks import CSVLog, JSONLinesLog
from netlib.training.fit import fit


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_file_has_every_value_of_every_epoch(lab: Any, blobs: Any, tmp_path: Path) -> None:
    """To the last bit; another reader finds numbers and gaps."""
    path = tmp_path / "logs" / "metrics.csv"
    job = lab.job(validation=blobs(20, seed=9), epochs=3, validate_every=2, callbacks=[CSVLog(path)])
    fit(job)
    records = job.progress.records
    written = rows(path)
    assert list(written[0]) == [
        "epoch", "step", "train.loss", "train.accuracy", "validation.loss", "validation.accuracy", "learning_rate",
        "seconds", "samples_per_second",
    ]  # fmt: skip
    assert [float(row["train.loss"]) for row in written] == [record["train"]["loss"] for record in records]
    assert written[0]["validation.loss"] == ""
    assert float(written[1]["validation.loss"]) == records[1]["validation"]["loss"]
    table = pl.read_csv(path)
    assert table["step"].to_list() == [6, 12, 18]
    assert table["validation.accuracy"].null_count() == 1
    assert table["samples_per_second"].to_list() == [record["samples_per_second"] for record in records]


def test_a_second_call_of_fit_goes_on_with_it(lab: Any, tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_text("what was there before\n")
    first = lab.job(epochs=1, callbacks=[CSVLog(path)])
    fit(first)
    fit(lab.job(epochs=3, progress=first.progress, callbacks=[CSVLog(path)]))
    assert [row["epoch"] for row in rows(path)] == ["1", "2", "3"]


def test_a_metric_that_comes_later_gets_a_column(joined: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    callback = joined(CSVLog(path))
    callback.run_started(None, {})
    assert path.read_text() == ""
    for number, metrics in enumerate([{"loss": 1.5}, {"loss": math.nan, "a,b": 2}, {"loss": 0.1}], start=1):
        record = {"epoch": number, "step": number, "train": metrics, "learning_rate": 0.1}
        callback._progress.records.append(record)
        callback.epoch_ended(record)
    assert rows(path) == [
        {"epoch": "1", "step": "1", "train.loss": "1.5", "train.a,b": "", "learning_rate": "0.1"},
        {"epoch": "2", "step": "2", "train.loss": "nan", "train.a,b": "2", "learning_rate": "0.1"},
        {"epoch": "3", "step": "3", "train.loss": "0.1", "train.a,b": "", "learning_rate": "0.1"},
    ]


def test_in_a_run_it_is_in_the_run_directory(lab: Any, run: RunDirectory) -> None:
    fit(lab.job(epochs=2, run=run, callbacks=[CSVLog()]))
    assert [row["step"] for row in rows(run.path / "metrics.csv")] == ["6", "12"]


def test_without_a_run_it_needs_a_path(lab: Any) -> None:
    with pytest.raises(
        UsageError, match=r"CSVLog needs a path where there is no run directory.*CSVLog\('metrics.csv'\)"
    ):
        lab.job(callbacks=[CSVLog()])


def test_what_the_system_refuses(lab: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NetlabError, match=r"cannot make .*file.*"):
        fit(lab.job(callbacks=[CSVLog(tmp_path / "file" / "metrics.csv")]))


def test_json_lines(lab: Any, blobs: Any, tmp_path: Path) -> None:
    path = tmp_path / "logs" / "records.jsonl"
    first = lab.job(validation=blobs(20, seed=9), epochs=1, callbacks=[JSONLinesLog(path)])
    fit(first)
    job = lab.job(validation=blobs(20, seed=9), epochs=2, progress=first.progress, callbacks=[JSONLinesLog(path)])
    fit(job)
    assert [json.loads(line) for line in path.read_text().splitlines()] == job.progress.records
