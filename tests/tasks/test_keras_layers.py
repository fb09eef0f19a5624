"""Layers of Keras's own from a config to a run, and back."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from pathlib import Path

import numpy as np
import pytest

from netlib.config.load import load
from netlib.config.problems import ConfigError
from netlib.runs.tensors import load as load_tensors
from netlib.tasks.build import build, known_at_build
from netlib.tasks.check import check
from netlib.tasks.evaluate import evaluate
from netlib.tasks.summarise import summarise
from netlib.tasks.train import train

CONFIG = """
seed: 3
data:
  source: noise
  samples: 24
  inputs: {{x: {{shape: [5, 4]}}}}
  targets: {{label: {{shape: [], classes: 3}}}}
  test: 0.25
  batch_size: 6
model:
  - keras.layers.LSTM: {{units: {units}, dropout: 0.2}}
    name: memory
    trainable: {trainable}
    {shape}
  - Reshape: {{target_shape: [2, 3]}}
  - Flatten
  - Dense: 3
train: {{epochs: {epochs}, loss: sparse_categorical_crossentropy}}
"""


def config(path: Path, **values: object) -> Path:
    file = path / "keras.yaml"
    file.write_text(CONFIG.format(**{"units": 6, "epochs": 1, "shape": "", "trainable": "true", **values}))
    return file


def test_a_mistake_behind_it_is_found_before_training_at_its_line(tmp_path: Path) -> None:
    file = config(tmp_path, units=5)
    (report,) = check([file])
    assert not report.problems
    with pytest.raises(ConfigError, match=r"keras.yaml:15:5: error: Reshape"):
        train(file, run_dir=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_shape_that_keras_contradicts(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"declared as \(batch, 2, 3\), but keras.layers.LSTM gives \(batch, 6\)"):
        build(load(config(tmp_path, shape="shape: [2, 3]")))


def test_the_graph_is_completed_once(tmp_path: Path) -> None:
    experiment = known_at_build(load(config(tmp_path, trainable="false")))
    assert experiment.graph is not None
    assert experiment.graph.known
    assert known_at_build(experiment) is experiment
    model = build(experiment)
    assert {variable.path.split(".")[0] for variable in model.named_variables() if variable.trainable} == {"dense"}


@pytest.mark.slow
def test_a_run_is_summarised_measured_and_resumed_to_the_same_bits(tmp_path: Path) -> None:
    train(config(tmp_path), run_dir=tmp_path / "short")
    train(None, ["train.epochs=2"], resume=tmp_path / "short")
    train(config(tmp_path, epochs=2), run_dir=tmp_path / "whole")
    found = [
        load_tensors(tmp_path / name / "checkpoints" / "step-00000006" / "model.safetensors")
        for name in ("short", "whole")
    ]
    assert any("seed_generator" in name for name in found[0])
    assert found[0].keys() == found[1].keys()
    assert all(np.array_equal(found[0][name], found[1][name]) for name in found[0])
    assert evaluate(str(tmp_path / "short")).metrics == evaluate(str(tmp_path / "whole")).metrics
    summary = summarise(tmp_path / "whole")
    assert not summary.totals.known
    assert "(batch, 6)" in (tmp_path / "whole" / "summary.txt").read_text()
