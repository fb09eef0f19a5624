from __future__ import annotations

import re

import numpy as np
import pytest

from netlib.spec.errors import UsageError
from netlib.spec.registry import spec_class
from netlib.tasks import overfit as module
from netlib.tasks.overfit import MOST_STEPS, Overfit, is_learned, overfit
from netlib.tasks.plan import plan_training

FAST = "train.optimizer={Adam: {learning_rate: 0.05}}"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"loss": 2.0}, {"loss": 0.199}, True),
        ({"loss": 2.0}, {"loss": 0.21}, False),
        ({"loss": -1.0}, {"loss": -1.91}, True),
        ({"loss": -1.0}, {"loss": -1.5}, False),
        ({"loss": 2.0}, {"loss": float("nan")}, False),
        ({"loss": 2.0, "accuracy": 0.1}, {"loss": 0.8, "accuracy": 0.99}, True),
        ({"loss": 2.0, "accuracy": 0.1}, {"loss": 0.8, "accuracy": 0.98}, False),
        ({"loss": 2.0, "accuracy": 1.0}, {"loss": 1.9, "accuracy": 1.0}, False),
        ({"loss": 2.0, "a_accuracy": 0.1, "b_accuracy": 0.1}, {"loss": 1.9, "a_accuracy": 1.0, "b_accuracy": 0.5}, False),
        ({"loss": 2.0, "top_k_accuracy": 0.1}, {"loss": 1.9, "top_k_accuracy": 1.0}, False),
        ({"loss": 2.0, "auc": 0.1}, {"loss": 1.9, "auc": 1.0}, False),
    ],
)  # fmt: skip
def test_the_rule(before, after, expected):
    assert is_learned(before, after) is expected


@pytest.fixture
def trial(write, tmp_path):
    """Runs a trial; the runs would be in `runs`."""

    def trial(*overrides: str, batches: int = 2, listeners=(), **options) -> Overfit:
        config = write(**options)
        return overfit(plan_training(config, overrides, runs_root=tmp_path / "runs", overfit=batches), listeners)

    return trial


def test_a_network_learns_two_batches(trial, tmp_path, recorder):
    found = trial(FAST, listeners=[recorder])
    assert (found.learned, found.samples) == (True, 128)
    assert 0 < found.steps < MOST_STEPS
    assert found.steps % 20 == 0  # where it was looked at
    assert found.after["loss"] <= 0.1 * found.before["loss"] or found.after["accuracy"] >= 0.99
    assert found.before["loss"] == pytest.approx(2.3, abs=0.6)
    assert found.left == ("dropout draws random numbers in training",)
    assert not (tmp_path / "runs").exists()
    ((run, header),) = recorder.of("run_started")
    assert run is None
    assert header["samples"] == {"train": 128, "validation": 128}
    records = recorder.of("epoch_ended")
    assert all(record["validation"] for record in records)
    assert [record["step"] for record in records] == list(range(20, found.steps + 1, 20))
    assert records[-1]["validation"] == found.after
    assert recorder.of("message")[-1] == "the batches are learned"


def test_the_batches_are_those_with_which_training_begins(trial, monkeypatch):
    monkeypatch.setattr(module, "MOST_STEPS", 1)
    first, again, in_order = (trial(*words) for words in ((), (), ("data.shuffle=false",)))
    assert first.before == again.before != in_order.before


def test_what_cannot_learn(trial, monkeypatch):
    monkeypatch.setattr(module, "MOST_STEPS", 50)
    found = trial("train.optimizer={SGD: {learning_rate: 1e-9}}", "train.freeze=['head.**']", batches=1)
    assert (found.learned, found.samples, found.steps) == (False, 64, 50)
    assert found.after["loss"] == pytest.approx(found.before["loss"], rel=1e-4)
    assert found.left == ("dropout draws random numbers in training", "train.freeze")


def test_samples_that_stay_in_their_files(trial, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_STEPS", 1)
    rng = np.random.default_rng(0)
    np.save(tmp_path / "x.npy", rng.normal(size=(40_000, 8)).astype("float32"))
    np.save(tmp_path / "y.npy", rng.integers(0, 2, 40_000))
    text = (
        "name: streamed\nseed: 1\n"
        "data: {source: npy, inputs: {x: x.npy}, targets: {y: y.npy}, validation: 0.1, batch_size: 50, memory: 200kB}\n"
        "model: [Dense: 2]\n"
        "train: {epochs: 1, loss: sparse_categorical_crossentropy, execution: graph}\n"
    )
    found = trial(text=text, batches=3)
    assert (found.samples, found.steps) == (150, 1)


@pytest.mark.parametrize(
    ("type_", "parameters", "expected"),
    [
        ("Dense", {"units": 3}, False),
        ("Dropout", {"rate": 0.1}, True),
        ("Dropout", {"rate": 0.0}, False),
        ("GRU", {"units": 3}, False),
        ("GRU", {"units": 3, "recurrent_dropout": 0.1}, True),
        ("RandomFlip", {}, True),
    ],
)
def test_which_layers_draw(type_, parameters, expected):
    assert module._draws(spec_class("layer", type_).parse(parameters)) is expected


def test_early_stopping_and_budgets_are_off_and_files_are_not_written(trial, tmp_path):
    found = trial(FAST, "train.steps=3", "train.early_stopping={patience: 1}", "train.callbacks=[CSVLog, {EMA: 0.5}]")
    assert found.learned
    assert found.left[-1] == "EMA, whose averages are what is measured"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tiny.yaml"]


def test_more_batches_than_there_are(trial, monkeypatch):
    monkeypatch.setattr(module, "MOST_STEPS", 1)
    assert trial(batches=999).samples == 1079


def test_what_a_plan_refuses(write, tmp_path):
    config = write()
    for batches in (0, -2):
        with pytest.raises(UsageError, match=f"--overfit takes the number of batches to train on, .* got {batches}"):
            plan_training(config, overfit=batches)
    with pytest.raises(UsageError, match="--overfit and --dry-run are two trials; choose one of them"):
        plan_training(config, overfit=1, dry_run=True)
    for trial, name in (({"overfit": 1}, "--overfit"), ({"dry_run": True}, "--dry-run")):
        said = re.escape(f"--profile is written into a run, and {name} writes none; leave one of them out")
        with pytest.raises(UsageError, match=said):
            plan_training(config, profile=True, **trial)
    with pytest.raises(UsageError, match=r"--overfit begins with new weights, .* leave out --resume"):
        plan_training(None, resume=tmp_path, overfit=1)
    player = "{trains: 'hidden.**', loss: {a: {Compute: 'mean(head)'}}, optimizer: {SGD: {}}}"
    changes = [f"train.phases=[{player}]", "~train.loss", "~train.optimizer", "~train.metrics"]
    with pytest.raises(UsageError, match=r"--overfit cannot judge train\.phases"):
        plan_training(config, changes, overfit=1)
