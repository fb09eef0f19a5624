"""A run that is killed at any moment and resumed ends with the same bits as one that was left alone.

The command itself is run, in processes of its own, and ended by SIGKILL while it trains.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.slow

XLA = """
name: dense
seed: 5
data: {source: digits, validation: 0.1, test: 0.1, batch_size: 32}
model:
  - Flatten
  - Dense: {units: 24, activation: relu}
  - BatchNormalization
  - Dropout: 0.3
  - Dense: 10
train:
  epochs: 12
  loss: sparse_categorical_crossentropy
  optimizer: {Adam: {learning_rate: {CosineDecay: {initial_learning_rate: 1e-2, decay_steps: 500}}}}
  metrics: [accuracy]
  execution: xla
  checkpoint: {every_steps: 7}
"""

GRAPH = """
name: convolution
seed: 6
data: {source: digits, validation: 0.1, test: 0.1, batch_size: 50}
model:
  - Conv2D: {filters: 8, kernel_size: 3}
  - BatchNormalization
  - Activation: relu
  - Dropout: 0.3
  - Flatten
  - Dense: 10
train:
  epochs: 8
  loss: sparse_categorical_crossentropy
  optimizer:
    SGD:
      momentum: 0.9
      learning_rate: {ExponentialDecay: {initial_learning_rate: 0.05, decay_steps: 50, decay_rate: 0.9}}
  metrics: [accuracy]
  execution: graph
  accumulate: 2
  checkpoint: {every_steps: 5}
"""

EMBEDDING = """
name: embedding
seed: 7
data: {source: npz, path: words.npz, validation: 0.1, batch_size: 16}
model:
  - Embedding: {input_dim: 50, output_dim: 8}
  - Dropout: 0.2
  - Flatten
  - Dense: 2
train:
  epochs: 8
  loss: sparse_categorical_crossentropy
  optimizer: {SGD: {learning_rate: 0.5}}
  execution: graph
  checkpoint: {every_steps: 9}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the configs and their data."""
    words = np.random.default_rng(0)
    x = words.integers(0, 50, (900, 12)).astype(np.int32)
    np.savez(tmp_path / "words.npz", x=x, y=(x[:, 0] > x[:, 1]).astype(np.int32))
    for name, text in {"xla": XLA, "graph": GRAPH, "embedding": EMBEDDING}.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    return tmp_path


def command(*arguments: str, cores: str = "") -> list[str]:
    prefix = ["taskset", "-c", cores] if cores else []
    return [*prefix, sys.executable, "-m", "netlab", "train", "--quiet", *arguments]


def train(folder: Path, *arguments: str) -> None:
    done = subprocess.run(command(*arguments), cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


def start_and_kill(folder: Path, *arguments: str, run: str, after: float, cores: str = "") -> None:
    """Starts a training and kills it `after` seconds past its first checkpoint in the middle of an epoch."""
    process = subprocess.Popen(
        command(*arguments, cores=cores), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    checkpoints = folder / run / "checkpoints"
    deadline = time.monotonic() + 120
    before = newest(checkpoints)
    while newest(checkpoints) <= before + 1 and time.monotonic() < deadline:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.005)
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=30)


def newest(checkpoints: Path) -> int:
    steps = [int(path.name.removeprefix("step-")) for path in checkpoints.glob("step-*")]
    return max(steps, default=0)


def last_weights(folder: Path, run: str) -> bytes:
    checkpoints = folder / run / "checkpoints"
    return (checkpoints / (checkpoints / "latest").read_text().strip() / "model.safetensors").read_bytes()


@pytest.mark.parametrize("config", ["xla", "graph", "embedding"])
def test_killed_twice_and_resumed_ends_with_the_same_bits(folder: Path, config: str) -> None:
    moments = random.Random(os.getpid())  # another moment in every run of the tests: it must hold for all
    train(folder, f"{config}.yaml", "--run-dir", "whole")
    start_and_kill(folder, f"{config}.yaml", "--run-dir", "cut", run="cut", after=moments.uniform(0, 0.3))
    assert newest(folder / "cut" / "checkpoints") < newest(folder / "whole" / "checkpoints")
    start_and_kill(folder, "--resume", "cut", run="cut", after=moments.uniform(0, 0.2))
    train(folder, "--resume", "cut")
    assert last_weights(folder, "cut") == last_weights(folder, "whole")
    assert metrics(folder, "cut") == metrics(folder, "whole")


@pytest.mark.skipif((os.cpu_count() or 1) < 2 or not hasattr(os, "sched_setaffinity"), reason="needs two cores")
def test_started_on_one_core_and_resumed_on_two_ends_with_the_same_bits(folder: Path) -> None:
    train(folder, "graph.yaml", "train.threads=1", "--run-dir", "whole")
    start_and_kill(folder, "graph.yaml", "--run-dir", "cut", run="cut", after=0.1, cores="0")
    train(folder, "--resume", "cut")
    assert last_weights(folder, "cut") == last_weights(folder, "whole")


def metrics(folder: Path, run: str) -> list[dict[str, object]]:
    """The records without what a clock says."""
    from netlib.runs import history
    from netlib.runs.directory import open_run

    clock = ("seconds", "samples_per_second")
    records = history.read(open_run(folder / run)).records
    return [{key: value for key, value in record.items() if key not in clock} for record in records]
