"""Configs that train in a moment, and runs of them that tests may look at or copy."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netlib.spec.listener import Listener
from netlib.tasks.train import TrainResult, train

CONFIG = """\
# The digits, with dropout and a schedule whose course does not depend on how long is trained.
name: tiny
seed: 3
data: {source: digits, validation: 0.2, test: 0.2, batch_size: 64, preprocess: {image: Standardize}}
model:
  - Flatten
  - Dense: {units: 8, activation: relu}
    name: hidden
  - Dropout: 0.2
  - Dense: 10
    name: head
train:
  epochs: 2
  loss: sparse_categorical_crossentropy
  optimizer:
    Adam:
      learning_rate: {ExponentialDecay: {initial_learning_rate: 0.01, decay_steps: 20, decay_rate: 0.9}}
  metrics: [accuracy]
  execution: graph # compiles fast
"""

CLOCK = ("seconds", "samples_per_second")


class Recorder(Listener):
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.events: list[tuple[str, tuple[Any, ...]]] = []

    def __getattribute__(self, name: str) -> Any:
        if name in vars(Listener) and not name.startswith("_"):
            return lambda *details: self.events.append((name, details))
        return super().__getattribute__(name)

    def of(self, event: str) -> list[Any]:
        """The details of every event of that name; the only one by itself."""
        return [details[0] if len(details) == 1 else details for name, details in self.events if name == event]


@pytest.fixture
def recorder() -> Recorder:
    """A listener that keeps what it hears."""
    return Recorder()


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a config, the tiny one unless a text is given, with (old, new) replaced."""

    def write(*replaced: tuple[str, str], text: str = CONFIG, name: str = "tiny.yaml") -> Path:
        for old, new in replaced:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


@pytest.fixture
def write_npz(tmp_path: Path) -> Callable[..., Path]:
    """Writes arrays to `data.npz`."""

    def write(**arrays: Any) -> Path:
        np.savez(tmp_path / "data.npz", **arrays)
        return tmp_path / "data.npz"

    return write


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Has `tiny.yaml`, and the runs of the tests that only look at them."""
    folder = tmp_path_factory.mktemp("tasks")
    (folder / "tiny.yaml").write_text(CONFIG)
    return folder


@pytest.fixture(scope="session")
def whole(folder: Path) -> TrainResult:
    """A finished run of four epochs, of which every checkpoint is there."""
    return train(folder / "tiny.yaml", ["train.epochs=4", "train.checkpoint.keep_last=9"], runs_root=folder / "runs")


@pytest.fixture(scope="session")
def short(folder: Path) -> TrainResult:
    """A finished run of two epochs."""
    changes = ["train.checkpoint.keep_last=9", "train.checkpoint.every_steps=5"]
    return train(folder / "tiny.yaml", changes, runs_root=folder / "runs")


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[TrainResult], Path]:
    """A copy of a run that may be changed."""

    def copy(result: TrainResult) -> Path:
        assert result.run
        return Path(shutil.copytree(result.run, tmp_path / "runs" / result.run.name))

    return copy


@pytest.fixture(scope="session")
def records() -> Callable[[Path | None], list[dict[str, Any]]]:
    """The lines of a run's `metrics.jsonl`, without what a clock says."""

    def read(run: Path | None) -> list[dict[str, Any]]:
        assert run
        lines = map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
        return [{key: value for key, value in line.items() if key not in CLOCK} for line in lines]

    return read


@pytest.fixture(scope="session")
def weights() -> Callable[..., bytes]:
    """The bytes of a checkpoint's weights, or of another of its files."""

    def read(run: Path | None, pointer: str = "latest", file: str = "model.safetensors") -> bytes:
        assert run
        return (run / "checkpoints" / (run / "checkpoints" / pointer).read_text().strip() / file).read_bytes()

    return read
