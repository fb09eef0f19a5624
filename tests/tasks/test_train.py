from __future__ import annotations

import json
import re

import numpy as np
import pytest
from safetensors.numpy import load_file

from netlib.config.load import load
from netlib.config.problems import ConfigError
from netlib.report.summary import summary_text
from netlib.runs.directory import RunDirectory
from netlib.runs.overview import overview
from netlib.spec.errors import NetlabError, UsageError
from netlib.tasks.train import train

ROWS, STEPS = 1797, 17  # samples, and steps of an epoch: 64 of 1079 each


def test_the_result_is_of_the_best_epoch(whole, records):
    lines = records(whole.run)
    best = min(lines[:-1], key=lambda line: line["validation"]["loss"])
    assert (whole.epochs, whole.steps, whole.reason) == (4, 4 * STEPS, "the budget is spent")
    assert whole.best_epoch == best["epoch"]
    assert whole.metrics == {"train": best["train"], "validation": best["validation"], "test": lines[-1]["test"]}
    assert whole.metrics["test"]["accuracy"] > 0.6
    assert 0 < whole.seconds < 120


def test_the_directory_has_all_of_its_files_and_no_other(whole):
    there = {str(path.relative_to(whole.run)) for path in whole.run.rglob("*") if path.is_file()}
    parts = ("model.safetensors", "optimizer.safetensors", "loop.safetensors", "state.json", "manifest.json")
    checkpoints = {f"checkpoints/step-{STEPS * n:08d}/{part}" for n in range(5) for part in parts}
    files = {"config.yaml", "resolved.yaml", "environment.json", "metrics.jsonl", "summary.txt", "log.txt"}
    stored = {"data.json", "preprocessing.json", "preprocessing.safetensors", "header.json", "result.json"}
    assert there == {*files, *stored, "checkpoints/latest", "checkpoints/best", *checkpoints}


def test_the_result_is_kept_and_an_overview_has_it(whole):
    kept = json.loads((whole.run / "result.json").read_text())
    assert (kept["reason"], kept["epoch"], kept["step"]) == (whole.reason, whole.epochs, whole.steps)
    assert (kept["best_epoch"], kept["metrics"]) == (whole.best_epoch, whole.metrics)
    found = overview(RunDirectory(whole.run))
    assert (found.state, found.planned, found.monitor) == ("finished", 4, ("validation", "loss", "min"))
    assert found.best == whole.metrics["validation"]["loss"]


def test_the_config_is_what_was_written_and_the_resolved_one_is_what_was_run(whole, folder):
    assert (whole.run / "config.yaml").read_text() == (folder / "tiny.yaml").read_text()
    asked = load(folder / "tiny.yaml", ["train.epochs=4", "train.checkpoint.keep_last=9"])
    ran = load(whole.run / "resolved.yaml")
    assert asked.train.threads is None
    threads = json.loads((whole.run / "environment.json").read_text())["threads"]
    assert ran == load(
        folder / "tiny.yaml", ["train.epochs=4", "train.checkpoint.keep_last=9", f"train.threads={threads}"]
    )
    assert ran.train.model_copy(update={"threads": None}) == asked.train


def test_the_environment_is_recorded(whole):
    facts = json.loads((whole.run / "environment.json").read_text())
    assert (facts["seed"], facts["execution"]) == (3, "graph")
    assert facts["execution_reason"] == "train.execution is graph"
    assert facts["threads"] >= 1
    assert set(facts["versions"]) >= {"python", "netlab", "tensorflow", "keras", "numpy", "polars", "safetensors"}
    assert all(facts["versions"].values())
    assert len(facts["data_fingerprint"]) == 64
    assert facts["command"]


def test_the_summary_is_that_of_the_network(whole, folder):
    graph = load(folder / "tiny.yaml").graph
    assert (whole.run / "summary.txt").read_text() == summary_text(graph, "tiny")


def test_metrics_has_a_line_an_epoch_and_one_of_the_test(whole, records):
    lines = records(whole.run)
    assert [(line["epoch"], line["step"]) for line in lines] == [*((n, n * STEPS) for n in range(1, 5)), (4, 4 * STEPS)]
    assert all({"train", "validation", "learning_rate"} == set(line) - {"epoch", "step"} for line in lines[:-1])
    assert set(lines[-1]) == {"epoch", "step", "test"}
    rates = [line["learning_rate"] for line in lines[:-1]]
    assert rates == pytest.approx([0.01 * 0.9 ** ((n * STEPS - 1) / 20) for n in range(1, 5)], rel=1e-5)


def test_the_preprocessing_is_that_of_the_training_split(whole):
    from netlib.data.load import load as load_data

    config = load(whole.run / "resolved.yaml")
    raw = load_data(config.data.model_copy(update={"preprocess": {}}), config.seed).train.inputs["image"]
    plain = json.loads((whole.run / "preprocessing.json").read_text())
    assert plain["inputs"] == {"image": [{"step": {"Standardize": {"per": "channel"}}}]}
    arrays = load_file(whole.run / "preprocessing.safetensors")
    found = sorted(float(value) for array in arrays.values() for value in array.ravel())
    assert found == pytest.approx(sorted([raw.mean(), raw.std()]), rel=1e-4)


def test_the_log_says_why_it_ended(whole):
    disk, reason = (whole.run / "log.txt").read_text().splitlines()
    assert re.fullmatch(r"a checkpoint takes [\d.]+ KiB; at most 5 are there at once \([\d.]+ KiB\)", disk)
    assert reason == "all 4 epochs are trained"


def test_the_resolved_config_repeats_the_run_to_the_bit(whole, weights, records, tmp_path):
    again = train(whole.run / "resolved.yaml", runs_root=tmp_path)
    assert again.run == tmp_path / "tiny-1"
    assert weights(again.run) == weights(whole.run)
    assert weights(again.run, file="optimizer.safetensors") == weights(whole.run, file="optimizer.safetensors")
    assert records(again.run) == records(whole.run)
    assert (again.run / "resolved.yaml").read_text() == (whole.run / "resolved.yaml").read_text()
    assert again.metrics == whole.metrics


def test_another_seed_is_another_run(whole, weights, write, tmp_path):
    other = train(write(), ["seed=4", "train.epochs=1"], runs_root=tmp_path)
    assert other.metrics["test"] != whole.metrics["test"]
    assert json.loads((other.run / "environment.json").read_text())["seed"] == 4


@pytest.mark.slow
def test_runs_are_numbered_or_put_where_asked(write, tmp_path):
    config = write()
    root = tmp_path / "deep" / "runs"
    made = [train(config, ["train.steps=1"], runs_root=root).run for _ in range(2)]
    assert made == [root / "tiny-1", root / "tiny-2"]
    here = tmp_path / "here" / "it"
    assert train(config, ["train.steps=1"], runs_root=root, run_dir=here).run == here
    assert (here / "checkpoints" / "step-00000001").is_dir()
    with pytest.raises(UsageError, match=r"cannot make the run directory '.*it': a run is there; resume it, or choose"):
        train(config, ["train.steps=1"], run_dir=here)
    assert sorted(path.name for path in root.iterdir()) == ["tiny-1", "tiny-2"]


def test_a_dry_run_does_two_steps_of_everything_and_writes_nothing(write, tmp_path, recorder):
    config = write()
    before = sorted(tmp_path.rglob("*"))
    done = train(config, runs_root=tmp_path / "runs", run_dir=tmp_path / "here", dry_run=True, listeners=[recorder])
    assert sorted(tmp_path.rglob("*")) == before
    assert (done.run, done.steps, done.epochs) == (None, 2, 0)
    assert list(done.metrics) == ["train", "validation", "test"]
    assert all(set(values) == {"loss", "accuracy"} for values in done.metrics.values())
    assert recorder.of("run_started")[0][0] is None
    assert [record["step"] for record in recorder.of("epoch_ended")] == [2]
    assert recorder.of("checkpoint_saved") == []


def test_a_dry_run_of_epochs_of_one_step_still_does_two(write):
    assert train(write(), ["data.batch_size=2000", "train.epochs=1"], dry_run=True).steps == 2


def test_without_splits_the_best_is_that_of_the_training_loss(write, tmp_path, records):
    config = write(("validation: 0.2, test: 0.2, ", ""))
    done = train(config, ["data.batch_size=200"], runs_root=tmp_path)
    lines = records(done.run)
    assert len(lines) == 2
    assert done.metrics == {"train": lines[1]["train"]}
    assert done.best_epoch == 2


def test_early_stopping_ends_on_the_best_weights(write, tmp_path, records, weights):
    # The rate is so high that the loss gets worse.
    config = write(("initial_learning_rate: 0.01", "initial_learning_rate: 2.0"), ("epochs: 2", "epochs: 50"))
    done = train(config, ["train.early_stopping=2"], runs_root=tmp_path)
    losses = [line["validation"]["loss"] for line in records(done.run)[:-1]]
    assert done.epochs == len(losses) == done.best_epoch + 2 < 50
    assert losses[done.best_epoch - 1] == min(losses)
    assert done.reason == f"validation.loss has not become better for 2 epochs (best: {min(losses):.6g})"
    assert (done.run / "log.txt").read_text().splitlines()[1:] == [done.reason]
    best = (done.run / "checkpoints" / "best").read_text().strip()
    assert best == f"step-{done.best_epoch * STEPS:08d}"
    assert weights(done.run, "best") != weights(done.run, "latest")


def test_what_is_wrong_with_the_config_is_said_and_nothing_written(write, tmp_path):
    root = tmp_path / "runs"
    with pytest.raises(
        ConfigError, match=r"tiny.yaml:7:13: error: Dense has no parameter 'unist'; did you mean 'units'\?"
    ):
        train(write(("units: 8", "unist: 8")), runs_root=root)
    with pytest.raises(UsageError, match=r"config 'net' cannot be trained: it has no section 'train'"):
        train(write(text="data: {source: digits}\nmodel: [Flatten, Dense: 10]\n", name="net.yaml"), runs_root=root)
    with pytest.raises(ConfigError, match=r"<command line>: train.epochs=abc"):
        train(write(), ["train.epochs=abc"], runs_root=root)
    assert not root.exists()


NPZ = """\
name: net
data: {source: npz, path: data.npz, validation: 0.2, test: 0.2, batch_size: 16}
model: [Dense: 3]
train: {epochs: 1, loss: sparse_categorical_crossentropy, execution: graph}
"""
X = np.zeros((60, 4), np.float32)
Y = (np.arange(60) % 3).astype(np.int32)
WORDS = np.arange(240).reshape(60, 4).astype(np.int32) % 50
EMBEDDING = "{Sequential: [Embedding: {input_dim: 50, output_dim: 2}]}"
EMBEDDED = NPZ.replace("[Dense: 3]", f"[{EMBEDDING}, Flatten, Dense: 3]")
BINARY = NPZ.replace("Dense: 3", "Dense: 1").replace("sparse_categorical", "binary")

MISFITS = {
    "label": (NPZ, X, np.where(np.arange(60) == 7, 3, Y)),
    "negative": (NPZ, X, Y - 1),
    "index": (EMBEDDED, np.where(WORDS == 49, 50, WORDS), Y),
    "share": (BINARY, X, Y.astype(np.float32)),
}
MESSAGES = {
    "label": r"the \w+ split: target 'y' has label 3 in row 7 \(1 such\), but its output has 3 units",
    "negative": r"target 'y' has label -1 in row \d+ \(\d+ such\), but its output .*; labels count from 0",
    "index": r"input 'x' has 50 in row \d+ .*, but the embedding that reads it has entries 0 to 49",
    "share": r"training split: target 'y' has values from 0 to 2, but BinaryCrossentropy compares probabilities",
}


@pytest.mark.parametrize("misfit", MISFITS)
def test_data_that_does_not_fit_is_refused_and_nothing_written(write, write_npz, tmp_path, recorder, misfit):
    text, x, y = MISFITS[misfit]
    write_npz(x=x, y=y)
    with pytest.raises(UsageError, match=MESSAGES[misfit]):
        train(write(text=text), runs_root=tmp_path / "runs", listeners=[recorder])
    assert not (tmp_path / "runs").exists()
    assert recorder.events == []


def test_damaged_data_is_no_mistake_in_what_was_asked(write, write_npz, tmp_path):
    write_npz(x=np.where(np.arange(240).reshape(60, 4) == 42, np.nan, X), y=Y)
    with pytest.raises(NetlabError, match=r"input 'x' has nan in row 10 at \[2\] \(1 values are not") as caught:
        train(write(text=NPZ), runs_root=tmp_path / "runs")
    assert not isinstance(caught.value, UsageError)
    assert not (tmp_path / "runs").exists()


def test_data_that_fits_is_trained_on(write, write_npz, tmp_path):
    write_npz(x=WORDS, y=Y)
    assert train(write(text=EMBEDDED), runs_root=tmp_path / "runs").steps == 3


def test_a_data_file_that_is_not_there(write, tmp_path):
    with pytest.raises(ConfigError, match=r"net.yaml:2:27: error: there is no file .*data.npz"):
        train(write(text=NPZ, name="net.yaml"), runs_root=tmp_path / "runs")
    declared = NPZ.replace("[Dense: 3]", "{inputs: {x: {shape: [4]}}, nodes: [Dense: 3]}")
    with pytest.raises(ConfigError, match=r"net.yaml:2:27: error: there is no file .*data.npz"):
        train(write(text=declared, name="net.yaml"), runs_root=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
