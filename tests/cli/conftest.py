from __future__ import annotations

import os
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

CONFIG = """\
name: tiny
seed: 3
data: {source: digits, validation: 0.2, test: 0.2, batch_size: 64}
model:
  - Flatten
  - Dense: {units: 8, activation: relu}
    name: hidden
  - Dense: {units: 10}
train:
  epochs: 2
  loss: sparse_categorical_crossentropy
  metrics: [accuracy]
"""

MISTAKES = """\
data: {source: digits}
model:
  - Flatten
  - Dense: {units: 8, activatoin: relu}
  - Dense: {units: ten}
train: {epochs: 2, loss: sparse_categorical_crossentropy}
"""

DECIDES_OUTPUT = ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "TF_CPP_MIN_LOG_LEVEL")

Netlab = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def command() -> Path:
    """The installed command."""
    return Path(sysconfig.get_path("scripts")) / "netlab"


@pytest.fixture(scope="session")
def netlab(command: Path) -> Netlab:
    """Runs the command in a process of its own, without a terminal."""

    def run(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        inherited = {
            key: value for key, value in os.environ.items() if key not in ("COLUMNS", "NO_COLOR", "FORCE_COLOR")
        }
        return subprocess.run(
            [command, *map(str, words)], env={**inherited, **environment}, capture_output=True, text=True, timeout=120
        )

    return run


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(CONFIG)
    return path


@pytest.fixture
def mistakes(tmp_path: Path) -> Path:
    path = tmp_path / "mistakes.yaml"
    path.write_text(MISTAKES)
    return path
