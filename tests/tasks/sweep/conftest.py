"""Sweeps of a tiny config, in the current folder, and workers that train nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from netlib.config.sweep_file import load_sweep
from netlib.tasks.sweep.plan import SweepPlan, plan_sweep

TINY = """\
name: tiny
data: {source: digits, validation: 0.2, batch_size: 256}
model: [Flatten, {Dense: {units: 4, activation: relu}, name: hidden}, Dense: 10]
train: {epochs: 2, loss: sparse_categorical_crossentropy, optimizer: {Adam: {learning_rate: 1e-3}}, execution: graph}
"""
SEARCH = """\
config: tiny.yaml
name: search
space: {train.optimizer.Adam.learning_rate: {log: [1e-4, 1e-1]}, seed: {int: [0, 99]}}
sampler: random
"""

Plan = Callable[..., SweepPlan]


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """Plans a sweep of `tiny.yaml`, with further lines in its file, or another file."""
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(TINY)

    def make(more: str = "", text: str = SEARCH, overrides: tuple[str, ...] = (), **options: Any) -> SweepPlan:
        Path("search.yaml").write_text(f"{text}{more}")
        return plan_sweep(load_sweep("search.yaml", overrides), **{"trials": 6, **options})

    return make


@pytest.fixture
def pretending() -> Callable[..., list[str]]:
    """The command of a worker that takes and tells trials as a real one, in the ways that its words ask for."""

    def command(*words: str) -> list[str]:
        return [sys.executable, "-P", str(Path(__file__).with_name("pretending_worker.py")), *words]

    return command
