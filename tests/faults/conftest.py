"""Configs that train in a moment, the processes in which faults are done, and what an undisturbed training gives."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for `processes` and the other helpers of this folder

from processes import Processes
from traces import need_success

MLP = """\
name: mlp
seed: 5
data: {source: digits, validation: 0.1, test: 0.1, batch_size: 32}
model:
  - Flatten
  - Dense: {units: 8, activation: relu}
  - BatchNormalization
  - Dropout: 0.3
  - Dense: 10
train:
  epochs: 2
  loss: sparse_categorical_crossentropy
  optimizer: {Adam: {learning_rate: 1e-2}}
  metrics: [accuracy]
  execution: graph
  threads: 1
  checkpoint: {every_steps: 15}
"""
"""45 steps an epoch."""

STREAM = """\
name: stream
seed: 6
data:
  source: parquet
  path: table.parquet
  targets: y
  preprocess: auto
  validation: 0.2
  test: 0.2
  batch_size: 16
  memory: 20KB
model: [{Dense: {units: 8, activation: relu}}, Dense: 1]
train:
  epochs: 2
  loss: mse
  optimizer: {Adam: {learning_rate: 1e-2}}
  execution: graph
  threads: 1
  checkpoint: {every_steps: 20}
"""
"""75 steps an epoch, of samples that are more than `data.memory`."""


@pytest.fixture(scope="session")
def netlab(processes: Processes) -> Processes:
    """The command, in processes of its own."""
    if sys.platform != "linux":
        pytest.skip("the processes are watched through /proc")
    return processes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Has `mlp.yaml`, and `stream.yaml` with its table."""
    return _filled(tmp_path)


@pytest.fixture(scope="session")
def undisturbed(netlab: Processes, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Trains `mlp.yaml` or `stream.yaml` with overrides, once, and gives the run, which has all of its checkpoints."""
    made: dict[tuple[str, ...], Path] = {}
    root = _filled(tmp_path_factory.mktemp("undisturbed"))

    def run(config: str, *overrides: str) -> Path:
        key = (config, *overrides)
        if key not in made:
            made[key] = root / f"run-{len(made)}"
            words = ["train", config, *overrides, "train.checkpoint.keep_last=10000", "--run-dir", made[key]]
            need_success(netlab(*words, folder=root))
        return made[key]

    return run


def _filled(folder: Path) -> Path:
    import polars as pl

    random = np.random.default_rng(1)
    x = random.normal(size=(2000, 3))
    columns = {f"x{number}": x[:, number] for number in range(3)}
    pl.DataFrame({**columns, "y": x[:, 0] - x[:, 1]}).write_parquet(folder / "table.parquet", row_group_size=100)
    (folder / "mlp.yaml").write_text(MLP)
    (folder / "stream.yaml").write_text(STREAM)
    return folder
