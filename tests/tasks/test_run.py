"""A run as an object, against the files of its directory and the commands."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

import netlib
from netlib.config.load import load
from netlib.data.load import load as load_data
from netlib.spec.errors import UsageError
from netlib.tasks.evaluate import evaluate
from netlib.tasks.run import open_run

TABLE = """
name: plants
seed: 1
data: {source: csv, path: plants.csv, targets: kind, validation: 0.2, preprocess: {width: Standardize}}
model: [{Dense: 1, name: kind}]
train: {epochs: 1, loss: binary_crossentropy, metrics: [accuracy], execution: graph}
"""


@pytest.fixture(scope="module")
def run(short):
    return open_run(short.run)


@pytest.fixture(scope="module")
def plants(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plants")
    lines = [f"{i % 9 + 0.5},{['moss', 'fern'][i % 9 > 4]}" for i in range(60)]
    (folder / "plants.csv").write_text("\n".join(["width,kind", *lines]) + "\n")
    (folder / "plants.yaml").write_text(TABLE)
    return open_run(netlib.train(folder / "plants.yaml", runs_root=folder / "runs").run)


def test_what_it_has_is_what_stands_in_its_files(run, short):
    assert (run.path, run.name) == (short.run, short.run.name)
    assert run.metrics == short.metrics
    assert run.result["metrics"] == short.metrics
    assert run.history == [json.loads(line) for line in (short.run / "metrics.jsonl").read_text().splitlines()]
    frame = run.history_frame()
    epochs = [record for record in run.history if "train" in record]
    assert frame["train.loss"].drop_nulls().to_list() == [record["train"]["loss"] for record in epochs]
    assert frame["epoch"].to_list() == [record["epoch"] for record in run.history]
    assert [f"step-{step:08d}" for step in run.steps] == sorted(
        path.name for path in (short.run / "checkpoints").glob("step-*")
    )
    assert run.config.name == "tiny"


def test_a_checkpoint_is_best_latest_or_a_step(run):
    assert run.checkpoint(run.steps[0]).name == f"step-{run.steps[0]:08d}"
    assert run.checkpoint("latest").name == f"step-{run.steps[-1]:08d}"
    with pytest.raises(UsageError, match=r"'best', 'latest' or the number of a step \(.*\d+\), got 'bets'"):
        run.checkpoint("bets")
    with pytest.raises(UsageError, match=r"there is no checkpoint '.*step-00000999'"):
        run.checkpoint(999)


def test_it_measures_as_the_command_does(run):
    assert run.evaluate() == evaluate(str(run.path)).metrics == pytest.approx(run.metrics["test"])
    first = run.steps[0]
    assert run.evaluate("validation", checkpoint=first) == evaluate(str(run.checkpoint(first)), "validation").metrics


def test_its_model_has_the_weights_and_gives_probabilities(run):
    splits = load_data(run.config.data, run.config.seed)
    model, samples = run.model(), splits.test
    assert model.evaluate(samples.inputs, samples.targets) == pytest.approx(run.metrics["test"], rel=1e-6)
    probabilities = model.predict(samples.inputs)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    first = run.model(run.steps[0])["hidden.kernel"].numpy()
    assert not np.array_equal(first, model["hidden.kernel"].numpy())


def test_it_predicts_on_arrays_as_they_are_before_any_step(run):
    """The run standardises its images: the model takes them so, `predict` as they come."""
    images = np.random.default_rng(0).random((20, 8, 8, 1)).astype(np.float32)
    found = run.predict(images, probabilities=True)
    assert found["row"].to_list() == list(range(20))
    own = run.predict(split="test")
    right = (own["predicted_digit"] == own["digit"]).mean()
    assert right == pytest.approx(run.metrics["test"]["accuracy"])
    assert found.equals(run.predict({"image": images}, probabilities=True))
    with pytest.raises(
        UsageError, match=r"^what was given: 'image' has the shape \(8, 8\) a sample, but \(8, 8, 1\) was"
    ):
        run.predict(images[..., 0])


def test_it_predicts_on_tables_of_all_kinds_and_on_files(plants, tmp_path):
    widths = {"id": ["a", "b", "c"], "width": [0.5, 4.5, 8.5]}
    pl.DataFrame(widths).write_csv(tmp_path / "new.csv")
    found = plants.predict(tmp_path / "new.csv")
    assert found.columns[:3] == ["id", "width", "predicted_kind"]
    assert found["width"].dtype == pl.Float64
    assert found.equals(plants.predict(widths))
    assert found.equals(plants.predict(pl.DataFrame(widths)))
    with pytest.raises(UsageError, match=r"^what was given has no column 'width'; did you mean 'widht'"):
        plants.predict({"widht": [1.0]})
    with pytest.raises(
        UsageError, match=r"reads a table \(csv\): give one, or a mapping from column to values, got list"
    ):
        plants.predict([1.0])
    with pytest.raises(UsageError, match=r"^what was given is no table: "):
        plants.predict({"width": [1.0], "id": ["a", "b"]})
    with pytest.raises(UsageError, match=r"needs files .* or a split"):
        plants.predict()


def test_a_run_and_a_result_say_what_they_are(run, short):
    text = repr(run)
    assert text.splitlines()[0] == f"{short.run}: finished"
    assert "2 epochs" in text
    assert f"{short.metrics['test']['accuracy']:.4f}" in text
    assert "<table>" in run._repr_html_()
    assert repr(short).startswith(f"{short.run}: {short.reason}\n  2 epochs")
    assert "<table>" in short._repr_html_()


def test_a_mapping_trains_as_the_file_does(folder, short, records, tmp_path):
    import yaml

    values = yaml.safe_load((folder / "tiny.yaml").read_text())
    changes = ["train.checkpoint.keep_last=9", "train.checkpoint.every_steps=5"]
    result = netlib.train(values, changes, runs_root=tmp_path)
    assert records(result.run) == records(short.run)
    assert load(result.run / "config.yaml").resolved() == load(folder / "tiny.yaml").resolved()
    loaded = netlib.load_config(folder / "tiny.yaml", changes)
    assert netlib.train(loaded, runs_root=tmp_path).metrics == short.metrics
    with pytest.raises(UsageError, match="this config is loaded already: give the changes to `load_config`"):
        netlib.train(loaded, changes)


def test_progress_is_shown_if_asked_for(folder, tmp_path, capsys):
    netlib.train(folder / "tiny.yaml", ["train.epochs=1"], runs_root=tmp_path)
    assert capsys.readouterr().err == ""
    netlib.train(folder / "tiny.yaml", ["train.epochs=1"], runs_root=tmp_path, verbose=True)
    assert "epoch 1" in capsys.readouterr().err


def test_a_model_is_built_of_a_file_or_a_mapping(folder):
    model = netlib.build(folder / "tiny.yaml")
    np.testing.assert_array_equal(
        model["hidden.kernel"].numpy(), netlib.build(load(folder / "tiny.yaml"))["hidden.kernel"].numpy()
    )
    small = netlib.build({"model": {"inputs": {"x": {"shape": [3]}}, "nodes": [{"Dense": 2}]}})
    assert small["dense.kernel"].shape == (3, 2)
    assert "Dense" in small._repr_html_()
