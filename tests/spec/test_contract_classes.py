"""What weights of classes ask of losses and targets, as `check` says it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netlib.config.load import read
from netlib.config.problems import ConfigError

CONFIG = """\
data: {{source: npz, path: {path}, inputs: x, targets: {targets}, class_weights: {weights}}}
model: {model}
train: {{epochs: 1, loss: {loss}}}
"""


DEFAULTS = {"model": "[Flatten, Dense: 3]", "loss": "sparse_categorical_crossentropy", "targets": "y"}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("classes") / "d.npz"
    label, several = np.arange(12, dtype=np.int32) % 3, np.ones((12, 4), np.int32)
    np.savez(path, x=np.ones((12, 4, 2), np.float32), y=label, hot=np.eye(3, dtype=np.float32)[label], several=several)
    return path


def problems(path: Path, **given: Any) -> list[tuple[str, int]]:
    """Texts and columns."""
    try:
        read(CONFIG.format(path=path, **{**DEFAULTS, **given}))
    except ConfigError as error:
        return [(problem.message, problem.place.column) for problem in error.problems if problem.place]
    return []


@pytest.mark.parametrize(
    "given",
    [
        {"weights": "balanced"},
        {"weights": "{0: 2.0, 2: 1}"},
        {"weights": "{2: 1}", "targets": "hot", "loss": "categorical_crossentropy"},
        {"weights": "{1: 2}", "model": "[Flatten, Dense: 1]", "loss": "hinge"},
    ],
)
def test_what_fits(path: Path, given: Any) -> None:
    assert problems(path, **given) == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"weights": "balanced", "loss": "mse", "targets": "hot"},
            "class_weights are for one loss that tells classes apart, got MeanSquaredError; give each sample a weight",
        ),
        (
            {
                "weights": "balanced",
                "targets": "[y, hot]",
                "loss": "{a: {SparseCategoricalCrossentropy: {}, target: y}, b: {CategoricalCrossentropy: {}, target: hot}}",
            },
            "got SparseCategoricalCrossentropy, CategoricalCrossentropy; give",
        ),
        (
            {"weights": "balanced", "targets": "several", "model": "[Dense: 3]"},
            "class_weights need one class for each sample, but target 'several' is (batch, 4) int32",
        ),
        ({"weights": "{5: 1.0}"}, "target 'y' has no class 5: its classes are 0 to 2"),
        (
            {"weights": "{2: 1.0}", "model": "[Flatten, Dense: 1]", "loss": "hinge"},
            "target 'y' has no class 2: its classes are 0 to 1",
        ),
    ],
)
def test_what_does_not(path: Path, given: Any, message: str) -> None:
    found = problems(path, **given)
    assert any(message in text for text, _ in found), found
    line = CONFIG.format(path=path, **{**DEFAULTS, **given}).splitlines()[0]
    text, column = next(each for each in found if message in each[0])
    assert column == line.index(given["weights"]) + ("no class" in text)
