"""Training on images that are decoded in each epoch: repeated, and resumed in the middle of an epoch, to the bit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netlib.tasks.evaluate import evaluate
from netlib.tasks.train import TrainResult, train

CONFIG = """\
seed: 3
data:
  source: image_folder
  path: "PATH"
  preprocess: {image: {Rescale: $(1 / 255)}}
  validation: 0.2
  test: 0.2
  batch_size: 16
  memory: MEMORY
model: [{Conv2D: {filters: 4, kernel_size: 3, activation: relu}}, Flatten, Dense: 2]
train:
  epochs: 3
  loss: sparse_categorical_crossentropy
  optimizer: {Adam: {learning_rate: 1e-2}}
  metrics: [accuracy]
  EXTRA
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dark and light pictures of 8 x 8 pixels with noise."""
    path, random = tmp_path_factory.mktemp("pictures"), np.random.default_rng(1)
    for number in range(400):
        kind = ("dark", "light")[number % 2]
        (path / kind).mkdir(exist_ok=True)
        pixels = random.integers(0, 156, (8, 8, 3)) + 100 * (number % 2)
        Image.fromarray(pixels.astype(np.uint8)).save(path / kind / f"{number}.png")
    return path


def trained(folder: Path, run: Path, memory: str = "200KB", extra: str = "accumulate: 1") -> TrainResult:
    run.mkdir()
    config = run / "c.yaml"
    config.write_text(CONFIG.replace("PATH", str(folder)).replace("MEMORY", memory).replace("EXTRA", extra))
    return train(config, run_dir=run / "run")


def lines(result: TrainResult) -> list[dict[str, object]]:
    assert result.run is not None
    found = [json.loads(line) for line in (result.run / "metrics.jsonl").read_text().splitlines()]
    return [
        {key: value for key, value in line.items() if key not in ("seconds", "samples_per_second")} for line in found
    ]


def test_it_learns_what_it_learns_in_memory(folder, tmp_path):
    streamed, whole = trained(folder, tmp_path / "s"), trained(folder, tmp_path / "m", "50MB")
    assert streamed.steps == whole.steps
    for result in (streamed, whole):
        assert result.metrics["test"]["accuracy"] > 0.95
    assert streamed.run is not None
    assert "400 samples of about 0.3 MB in all are read from their files" in (streamed.run / "log.txt").read_text()
    assert evaluate(str(streamed.run), "test").metrics == streamed.metrics["test"]


def test_it_repeats_to_the_bit_and_is_taken_up_in_the_middle_of_an_epoch(folder, tmp_path):
    once, again = trained(folder, tmp_path / "a"), trained(folder, tmp_path / "b")
    assert lines(once) == lines(again)
    cut = trained(folder, tmp_path / "c", extra="steps: 23\n  checkpoint: {every_steps: 23}")
    assert cut.run is not None
    resumed = train(None, ["train.steps=null"], resume=cut.run)
    assert lines(resumed)[-2:] == lines(once)[-2:]
    assert resumed.metrics == once.metrics
