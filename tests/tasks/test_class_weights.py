"""Weights of classes from the config to the bits of the trained weights."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from netlib.config.load import load
from netlib.config.problems import ConfigError
from netlib.data.load import load as load_data
from netlib.runs.directory import RunDirectory
from netlib.spec.errors import NetlabError
from netlib.tasks.build import build
from netlib.tasks.evaluate import evaluate
from netlib.tasks.train import TrainResult, train

CONFIG = """\
seed: 3
data:
  source: parquet
  path: "PATH"
  targets: kind
  weights: w
  preprocess: {kind: Labels}
  validation: 0.25
  batch_size: 32
  class_weights: WEIGHTS
MORE
model: [{Dense: {units: 4, activation: tanh}}, Dense: 3]
train: {epochs: 2, loss: sparse_categorical_crossentropy, metrics: [accuracy], execution: graph}
"""
COUNTS = {"cat": 90, "dog": 30, "eel": 15}  # in the training split, three quarters of all


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    random = np.random.default_rng(1)
    kinds = np.repeat(list(COUNTS), [count * 4 // 3 for count in COUNTS.values()])
    x = random.normal(size=(len(kinds), 2)).astype(np.float32)
    path = tmp_path_factory.mktemp("classes") / "t.parquet"
    columns = {"a": x[:, 0] + (kinds == "cat"), "b": x[:, 1], "kind": kinds, "w": random.uniform(0.5, 2, len(kinds))}
    pl.DataFrame(columns).sample(fraction=1, shuffle=True, seed=1).write_parquet(path)
    return path


@pytest.fixture
def run(table: Path, tmp_path: Path) -> Callable[..., TrainResult]:
    def run(weights: str, *, more: str = "", name: str = "run", overrides: Any = (), **options: Any) -> TrainResult:
        config = tmp_path / f"{name}.yaml"
        text = CONFIG.replace("PATH", str(table)).replace("WEIGHTS", weights)
        config.write_text(text.replace("MORE\n", f"  {more}\n" if more else ""))
        return train(config, overrides, run_dir=tmp_path / name, **options)

    return run


def balanced(counts: dict[str, int]) -> dict[str, float]:
    """As scikit-learn has it: n_samples / (n_classes * np.bincount(y))."""
    return {name: sum(counts.values()) / (len(counts) * count) for name, count in counts.items()}


def kept(result: TrainResult) -> dict[str, float]:
    assert result.run
    return json.loads(RunDirectory(result.run).class_weights.read_text())


def test_balanced_is_the_formula_over_the_training_split(run, recorder, records):
    result = run("balanced", listeners=[recorder])
    assert kept(result) == balanced(COUNTS) == {"cat": 0.5, "dog": 1.5, "eel": 3.0}
    assert "class weights, balanced: cat 0.5, dog 1.5, eel 3" in recorder.of("message")
    given = run("{cat: 0.5, dog: 1.5, eel: 3}", name="given")
    assert records(given.run) == records(result.run)
    assert "class weights" not in (given.run / "log.txt").read_text()


def test_it_is_what_fit_does_to_the_bit(run, records, weights):
    """Beside a column of weights; the validation counts by that column alone."""
    result = run("balanced")
    experiment = load(result.run / "resolved.yaml")
    splits = load_data(experiment.data, experiment.seed)
    train_split, held_out = splits.train, splits.validation
    y = train_split.targets["kind"]
    formula = len(y) / (3 * np.bincount(y))
    model = build(experiment)
    model.compile("sparse_categorical_crossentropy", metrics=["accuracy"], execution="graph")
    history = model.fit(
        train_split.inputs,
        train_split.targets,
        sample_weight=train_split.weights,
        validation_data=(held_out.inputs, held_out.targets, held_out.weights),
        class_weight=dict(enumerate(formula)),
        batch_size=32,
        epochs=2,
        verbose=False,
    )
    for ours, theirs in zip(records(result.run), history, strict=True):
        assert ours["train"] == theirs["train"]
        assert ours["validation"] == theirs["validation"]
    saved = result.run / "again.safetensors"
    model.save_weights(saved)
    from safetensors.numpy import load as tensors

    found, expected = tensors(saved.read_bytes()), tensors(weights(result.run))
    assert found.keys() == expected.keys()
    assert all((found[name] == expected[name]).all() for name in found)


def test_a_class_without_a_weight_counts_once(run, records):
    result = run("{eel: 4}")
    assert kept(result) == {"cat": 1.0, "dog": 1.0, "eel": 4.0}
    assert records(result.run) != records(run("null", name="none").run)
    assert not (result.run.parent / "none" / "class_weights.json").exists()


def test_each_fold_has_its_own(run):
    folds = (["~data.validation", "data.folds=4", f"data.fold={fold}", "data.stratify=false"] for fold in (1, 2))
    results = [run("balanced", overrides=changes, name=changes[2]) for changes in folds]
    first, second = map(kept, results)
    assert first != second
    for result, found in zip(results, (first, second), strict=True):
        experiment = load(result.run / "resolved.yaml")
        y = load_data(experiment.data, experiment.seed).train.targets["kind"]
        assert list(found.values()) == (len(y) / (3 * np.bincount(y))).tolist()


def test_samples_that_stay_in_files_weigh_the_same(run, records):
    streamed, whole = (
        run("balanced", more=f"shuffle: false\n  memory: {memory}", name=memory) for memory in ("3KB", "1MB")
    )
    assert "are read from their files" in (streamed.run / "log.txt").read_text()
    assert kept(streamed) == kept(whole) == balanced(COUNTS)
    assert records(streamed.run) == records(whole.run)


def test_a_run_goes_on_with_what_it_began_with(run, records):
    cut = run("balanced", name="cut", overrides=["train.epochs=1"])
    train(None, ["train.epochs=2"], resume=cut.run)
    assert records(cut.run) == records(run("balanced").run)


def test_a_run_that_has_lost_them(run):
    cut = run("balanced", overrides=["train.epochs=1"])
    file = RunDirectory(cut.run).class_weights
    for text, message in (
        ("{", "is damaged"),
        ("[]", "is damaged"),
        ('{"cat": -1}', "expected a weight for each class"),
    ):
        file.write_text(text)
        with pytest.raises(NetlabError, match=rf"class_weights.json.*{message}"):
            train(None, ["train.epochs=2"], resume=cut.run)
    file.unlink()
    with pytest.raises(NetlabError, match=r"has no class_weights\.json"):
        train(None, ["train.epochs=2"], resume=cut.run)


def test_measuring_a_run_does_not_weigh(run):
    result = run("balanced")
    assert evaluate(str(result.run / "checkpoints" / "step-00000010"), "validation").metrics == pytest.approx(
        result.metrics["validation"]
    )


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ("{cat: 0, dog: 0, eel: 0}", "every class that has a training sample has the weight 0: nothing is left"),
        ("{cta: 2}", "target 'kind' has no class 'cta'; did you mean 'cat'"),
    ],
)
def test_what_cannot_be(run, weights, message):
    with pytest.raises(ConfigError, match=rf"run.yaml:10:\d+: error: {message}"):
        run(weights)


def test_a_class_without_samples_cannot_be_balanced(run):
    classes = "data.preprocess={kind: {Labels: [ant, cat, dog, eel]}}"
    message = (
        r"run.yaml:10:\d+: error: cannot be balanced: the training split has no sample of class 'ant'; hold out less,"
    )
    with pytest.raises(ConfigError, match=message):
        run("balanced", overrides=[classes, "model.1=Dense: 4"])
