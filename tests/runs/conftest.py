from __future__ import annotations

from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from netlib.runs.directory import RunDirectory, create


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return create(tmp_path / "runs", "digits")


@pytest.fixture
def groups() -> dict[str, dict[str, np.ndarray]]:
    rng = np.random.default_rng(0)
    return {
        "model": {"hidden.kernel": rng.normal(size=(8, 4)).astype(np.float32), "hidden.bias": np.zeros(4, np.float32)},
        "optimizer": {"momentum.hidden.kernel": np.ones((8, 4), ml_dtypes.bfloat16), "iterations": np.array(3)},
        "loop": {"average.hidden.bias": np.full(4, np.nan, np.float16)},
    }


@pytest.fixture
def state() -> dict[str, object]:
    return {
        "epoch": 2,
        "position": 17,
        "best": {"value": float("-inf"), "step": None},
        "history": [{"loss": 0.1 + 0.2}],
    }
