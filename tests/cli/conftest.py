from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping
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

NEED_TENSORFLOW = ("train", "eval", "predict", "export", "reproduce")

Netlab = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def command() -> Path:
    """The installed command."""
    return Path(sysconfig.get_path("scripts")) / "netlab"


@pytest.fixture(scope="session")
def started(command: Path) -> Netlab:
    """Runs the command as it is installed, from the start of Python on, without a terminal."""

    def run(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [command, *map(str, words)], env=_with(environment), capture_output=True, text=True, timeout=120
        )

    return run


@pytest.fixture(scope="session")
def netlab(started: Netlab, request: pytest.FixtureRequest) -> Netlab:
    """The same; where the verb needs TensorFlow, in a fork of a process that has imported it, for that takes seconds."""

    def run(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        if sys.platform != "linux" or not words or words[0] not in NEED_TENSORFLOW:
            return started(*words, **environment)
        processes = request.getfixturevalue("processes")
        done = processes(*words, folder=Path.cwd(), environment=_with(environment))
        return subprocess.CompletedProcess([*words], done.code, done.out, done.err)

    return run


def _with(environment: Mapping[str, str]) -> dict[str, str]:
    inherited = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "NO_COLOR", "FORCE_COLOR")}
    return {**inherited, **environment}


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
