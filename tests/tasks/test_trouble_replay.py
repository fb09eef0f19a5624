"""Steps that are run again are the same steps: with buckets, weights of classes and a schedule of freezing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from safetensors.numpy import load_file

from netlib.spec.errors import NetlabError
from netlib.tasks.train import train

CONFIG = """\
seed: 3
data:
  source: parquet
  path: t.parquet
  inputs: [text, x]
  targets: label
  preprocess: {text: {Tokenize: 24}, label: Labels}
  validation: 0.2
  batch_size: 16
  drop_remainder: true
  class_weights: balanced
  buckets: [12]
model:
  nodes:
    - {Embedding: {output_dim: 4, mask_zero: true}, name: words, from: text}
    - {GlobalAveragePooling1D: , name: pooled}
    - {Compute: log(x), name: logs, from: x}
    - {Concatenate: , name: both, from: [pooled, logs]}
    - {Dense: {units: 4, activation: relu}, name: hidden}
    - {Dense: 2, name: head}
train:
  epochs: 3
  loss: sparse_categorical_crossentropy
  optimizer: {Adam: {learning_rate: 2e-2}}
  freeze: {"hidden.**": 1, "words.**": 2}
  validate_every: 99 # so no epoch is the best, and none is saved
  checkpoint: {every_epochs: 99}
  execution: graph
"""
SAMPLES, BAD = 90, 41
FILES = ("model.safetensors", "optimizer.safetensors", "loop.safetensors")


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Path]:
    """Trains with overrides, as a run of that name; one sample of the data has a logarithm that is not finite."""
    random = np.random.default_rng(2)
    label = random.random(SAMPLES) < 0.3
    words = [random.integers(0, 20, random.integers(1, 25)) + 15 * yes for yes in label]
    text = [" ".join(f"w{word}" for word in row) for row in words]
    x = random.random(SAMPLES) + 0.5
    x[BAD] = 0
    pl.DataFrame({"text": text, "x": x, "label": np.where(label, "yes", "no")}).write_parquet(tmp_path / "t.parquet")
    (tmp_path / "net.yaml").write_text(CONFIG)

    def run(name: str, *overrides: str, **options: Any) -> Path:
        train(tmp_path / "net.yaml", overrides, run_dir=tmp_path / name, **options)
        return tmp_path / name

    return run


def values(run: Path) -> dict[str, np.ndarray]:
    latest = run / "checkpoints" / (run / "checkpoints" / "latest").read_text().strip()
    return {f"{file}: {name}": value for file in FILES for name, value in load_file(latest / file).items()}


@pytest.mark.slow
def test_going_back_ends_as_leaving_out_does(run: Any, recorder: Any) -> None:
    """Every epoch has the bad step; that of the third is come to again through the others, in which less is trained."""
    expected = values(run("skip", "train.on_nan=skip"))
    found = values(run("rollback", "train.on_nan=rollback", listeners=[recorder]))
    said = [text for text in recorder.of("message") if "training goes on from" in text]
    assert ["step-00000000" in text for text in said] == [True] * 3
    assert list(found) == list(expected)
    for name, value in found.items():
        np.testing.assert_array_equal(value, expected[name], err_msg=name)


def test_the_row_and_the_node_are_named_in_an_epoch_that_trains_more(run: Any, tmp_path: Path) -> None:
    with pytest.raises(NetlabError, match=rf"node 'logs' .* gives 1 infinite .*, in row {BAD} of the training data"):
        run("run")
    (folder,) = (tmp_path / "run" / "trouble").iterdir()
    batch, report = load_file(folder / "batch.safetensors"), json.loads((folder / "report.json").read_text())
    assert BAD in batch["rows"]
    assert batch["inputs/text"].shape[1] in (12, 24)
    assert sorted(batch) == ["inputs/text", "inputs/x", "rows", "targets/label", "weights"]
    assert report["epoch"] == 1
