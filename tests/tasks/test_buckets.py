"""Training on batches of texts of like length: repeated, taken up in the middle of an epoch, and measured at the whole length."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from netlib.config.problems import ConfigError
from netlib.tasks.evaluate import evaluate
from netlib.tasks.train import TrainResult, train

CONFIG = """\
seed: 3
data:
  source: parquet
  path: "PATH"
  inputs: [text]
  targets: label
  preprocess: {text: {Tokenize: 24}, label: Labels}
  validation: 0.25
  batch_size: 16
  class_weights: balanced
  buckets: [12]
model: [Embedding: {output_dim: 6, mask_zero: true}, GlobalAveragePooling1D, Dense: 2]
train:
  epochs: 3
  loss: sparse_categorical_crossentropy
  optimizer: {Adam: {learning_rate: 2e-2}}
  execution: graph
"""
SAMPLES = 200


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    random = np.random.default_rng(2)
    label = random.random(SAMPLES) < 0.3
    words = [random.integers(0, 20, random.integers(1, 25)) + 15 * yes for yes in label]
    path = tmp_path_factory.mktemp("buckets") / "t.parquet"
    text = [" ".join(f"w{word}" for word in row) for row in words]
    pl.DataFrame({"text": text, "label": np.where(label, "yes", "no")}).write_parquet(path)
    return path


@pytest.fixture
def run(table: Path, tmp_path: Path) -> Callable[..., TrainResult]:
    def run(name: str, *overrides: str, **options: Any) -> TrainResult:
        config = tmp_path / f"{name}.yaml"
        config.write_text(CONFIG.replace("PATH", str(table)))
        return train(config, list(overrides), run_dir=tmp_path / name, **options)

    return run


def test_it_learns_and_is_measured_at_the_whole_length(run):
    result = run("whole")
    assert result.metrics["validation"]["loss"] < 0.5
    assert evaluate(str(result.run), "validation").metrics == result.metrics["validation"]


def test_it_is_taken_up_in_the_middle_of_an_epoch(run, records, weights):
    whole = run("whole")
    cut = run("cut", "train.steps=15", "train.checkpoint.every_steps=7")
    assert cut.steps == 15
    resumed = train(None, ["train.steps=null"], resume=cut.run)
    assert weights(resumed.run) == weights(whole.run)
    assert records(resumed.run)[-1] == records(whole.run)[-1]


def test_small_steps_are_left_out(run):
    assert run("dropped", "data.drop_remainder=true").steps < 3 * (150 // 16 + 1)


def test_samples_that_stay_in_files_have_none(run):
    with pytest.raises(
        ConfigError, match=r"c.yaml:11:12: error: buckets need the samples in memory, and these are more"
    ):
        run("c", "data.memory=1KB")
