"""Callbacks that a config names, in runs: their files, going on with them, and what is measured with averages."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from safetensors.numpy import load_file

from netlib.config.load import load
from netlib.data.load import load as load_data
from netlib.spec.callbacks import EMA, CSVLog, ReduceOnPlateau
from netlib.spec.errors import UsageError
from netlib.tasks.check import check
from netlib.tasks.evaluate import evaluate
from netlib.tasks.train import TrainResult, train

STEPS = 17
RATE = "      learning_rate: {ExponentialDecay: {initial_learning_rate: 0.01, decay_steps: 20, decay_rate: 0.9}}"
CALLBACKS = """\
  callbacks:
    - {ReduceOnPlateau: {monitor: train.loss, patience: 1, min_delta: 0.5, factor: 0.5}}
    - EMA: 0.9
    - csv_log
    - TensorBoard
    - StopOnNaN
    - TimeLimit: 1h
  execution: graph # compiles fast
"""
NUMBER = (RATE, "      learning_rate: 0.01")
WITH = (NUMBER, ("  execution: graph # compiles fast\n", CALLBACKS))


@pytest.fixture(scope="session")
def config(folder: Path) -> Path:
    text = (folder / "tiny.yaml").read_text()
    for old, new in WITH:
        assert old in text
        text = text.replace(old, new)
    (folder / "called.yaml").write_text(text)
    return folder / "called.yaml"


@pytest.fixture(scope="session")
def called(config: Path, folder: Path) -> TrainResult:
    """A finished run of four epochs with callbacks."""
    return train(config, ["train.epochs=4", "train.checkpoint.keep_last=9"], runs_root=folder / "called")


def rows(run: Path) -> list[dict[str, str]]:
    with (run / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def steps_of_events(run: Path, tag: str) -> list[int]:
    files = sorted((run / "tensorboard" / "validation").iterdir())
    events = [event for file in files for event in tf.compat.v1.train.summary_iterator(str(file))]
    return [event.step for event in events for value in event.summary.value if value.tag == tag]


def test_what_is_measured_is_of_the_averages(called: TrainResult, records: Any) -> None:
    found = evaluate(str(called.run))
    assert found.metrics == called.metrics["test"]
    assert evaluate(str(called.run), "validation").metrics == called.metrics["validation"]
    for line in records(called.run)[:-1]:
        checkpoint = called.run / "checkpoints" / f"step-{line['step']:08d}"
        assert evaluate(str(checkpoint), "validation").metrics == line["validation"]

    data = load_data(load(called.run / "resolved.yaml").data, 3).test
    saved = load_file(found.checkpoint / "loop.safetensors")
    raw = load_file(found.checkpoint / "model.safetensors")
    averages = {name: saved[f"callbacks/EMA/{name}"] for name in raw}
    assert accuracy(averages, data) == pytest.approx(found.metrics["accuracy"], rel=1e-6)
    assert loss(averages, data) == pytest.approx(found.metrics["loss"], rel=1e-6)
    assert loss(raw, data) != pytest.approx(found.metrics["loss"], rel=1e-3)


def logits(weights: dict[str, Any], data: Any) -> np.ndarray:
    w = {name: array.astype(np.float64) for name, array in weights.items()}
    x = data.inputs["image"].reshape(len(data), -1).astype(np.float64)
    return np.maximum(x @ w["hidden.kernel"] + w["hidden.bias"], 0) @ w["head.kernel"] + w["head.bias"]


def accuracy(weights: dict[str, Any], data: Any) -> float:
    return float((logits(weights, data).argmax(axis=1) == data.targets["digit"]).mean())


def loss(weights: dict[str, Any], data: Any) -> float:
    values = logits(weights, data)
    return float((np.log(np.exp(values).sum(axis=1)) - values[np.arange(len(data)), data.targets["digit"]]).mean())


def test_files_are_in_the_run_directory(called: TrainResult, records: Any) -> None:
    found = records(called.run)[:-1]
    assert [float(row["validation.loss"]) for row in rows(called.run)] == [r["validation"]["loss"] for r in found]
    assert steps_of_events(called.run, "accuracy") == [STEPS, 2 * STEPS, 3 * STEPS, 4 * STEPS]


def test_what_the_learning_rate_becomes_is_said(called: TrainResult, records: Any) -> None:
    rates = [record["learning_rate"] for record in records(called.run)[:-1]]
    assert rates[0] == pytest.approx(0.01)
    assert rates[-1] < 0.01
    said = (called.run / "log.txt").read_text().splitlines()
    assert "learning rate 0.01 -> 0.005: train.loss has not become better for 1 epoch" in said


def test_the_resolved_config_asks_for_the_same(called: TrainResult, config: Path) -> None:
    resolved = load(called.run / "resolved.yaml").train.callbacks
    assert resolved == load(config).train.callbacks
    assert resolved[0] == ReduceOnPlateau(monitor="train.loss", patience=1, min_delta=0.5, factor=0.5)
    assert resolved[1:3] == (EMA(decay=0.9), CSVLog())


@pytest.mark.slow
def test_a_run_that_is_gone_on_with_ends_with_the_same_bits(
    called: TrainResult, config: Path, tmp_path: Path, weights: Any, records: Any
) -> None:
    cut = train(config, ["train.epochs=2"], runs_root=tmp_path).run
    done = train(None, ["train.epochs=4"], resume=cut)
    assert done.metrics == called.metrics
    for file in ("model.safetensors", "optimizer.safetensors", "loop.safetensors"):
        assert weights(cut, file=file) == weights(called.run, file=file)
    assert records(cut) == records(called.run)
    for one, other in zip(rows(cut), rows(called.run), strict=True):
        clock = ("seconds", "samples_per_second")
        assert {k: v for k, v in one.items() if k not in clock} == {k: v for k, v in other.items() if k not in clock}
    assert steps_of_events(cut, "loss") == steps_of_events(called.run, "loss")


@pytest.mark.parametrize(
    "change",
    [
        "train.callbacks=[CSVLog]",
        "train.callbacks.1.decay=0.8",
        "train.callbacks.0.factor=0.1",
        "~train.callbacks",
    ],
)
def test_what_changes_the_weights_must_stay(called: TrainResult, change: str) -> None:
    with pytest.raises(UsageError, match=r"cannot be gone on with after\n  train\.callbacks\..*needs --allow-change"):
        train(None, [change], resume=called.run)


@pytest.mark.slow
def test_what_only_looks_on_may_come_and_go(called: TrainResult, copied: Any) -> None:
    run = copied(called)
    (run / "metrics.csv").unlink()
    kept = "{ReduceOnPlateau: {monitor: train.loss, patience: 1, min_delta: 0.5, factor: 0.5}}, {EMA: 0.9}"
    train(None, ["train.epochs=5", f"train.callbacks=[{kept}]"], resume=run)
    assert not (run / "metrics.csv").exists()
    train(None, ["train.epochs=6", f"train.callbacks=[CSVLog, {kept}]"], resume=run)
    assert [row["epoch"] for row in rows(run)] == ["1", "2", "3", "4", "5", "6"]


def test_a_dry_run_writes_nothing(config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert train(config, dry_run=True).run is None
    assert list(tmp_path.iterdir()) == []


def test_numbers_that_are_not_finite_end_a_run_without_an_error(write: Any, tmp_path: Path, records: Any) -> None:
    text = ("  execution: graph # compiles fast\n", "  callbacks: [StopOnNaN]\n  execution: graph\n")
    config = write(NUMBER, ("Adam:", "SGD:"), ("learning_rate: 0.01", "learning_rate: 1e30"), text)
    done = train(config, runs_root=tmp_path)
    assert done.reason.endswith("; the weights are the initial ones")
    assert (done.steps, done.epochs, done.best_epoch) == (0, 0, None)
    assert np.isfinite(done.metrics["test"]["loss"])
    assert (done.run / "log.txt").read_text().splitlines()[1:] == [done.reason]
    assert [record for record in records(done.run) if "train" in record] == []


def test_check_shows_where_an_unknown_monitor_stands(write: Any) -> None:
    old = "  execution: graph # compiles fast\n"
    config = write(NUMBER, (old, "  callbacks:\n    - ReduceOnPlateau: {factor: 0.5, monitor: validation.f1}\n"))
    (report,) = check([config])
    (problem,) = report.problems
    line = config.read_text().splitlines()[problem.place.line]
    assert line[problem.place.column :].startswith("validation.f1")
    assert problem.message.startswith("nothing is logged as 'validation.f1'")


def test_check_refuses_to_reduce_a_schedule(write: Any) -> None:
    (report,) = check([write(("  execution: graph # compiles fast\n", "  callbacks: [ReduceOnPlateau]\n"))])
    (problem,) = report.problems
    assert "cannot reduce the learning rate: 'optimizer' follows the schedule ExponentialDecay" in problem.message
