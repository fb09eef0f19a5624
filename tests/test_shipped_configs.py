"""Every shipped config is checked, and trained for two steps."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from netlib.config.load import load
from netlib.tasks.summarise import Asked, summarise
from netlib.tasks.train import train

CONFIGS = Path(__file__).parents[1] / "configs"
FOUND = sorted(
    path for path in CONFIGS.rglob("*.yaml") if path.parent.name != "sweeps"
)  # which have a test of their own
LIBRARIES = [path for path in FOUND if path.parent.name == "blocks"]
TRAINED = [path for path in FOUND if path not in LIBRARIES]
LARGEST = 2
"""Samples in a batch of the zoo here: two steps of 8 images of 224x224 through VGG-16 take a minute."""
SMALLER = {name: ["vars.length=16", "vars.layers=2"] for name in ("gpt2_small", "bert_base", "transformer")}
"""Of the zoo here: two sequences of 1,024 tokens through GPT-2 take 10 GB, and XLA some minutes for all of its layers."""


def named(path: Path) -> str:
    return str(path.relative_to(CONFIGS))


def test_there_are_configs() -> None:
    names = {path.stem for path in FOUND}
    assert names >= {
        "digits_mlp",
        "digits_cnn",
        "iris",
        "diabetes",
        "spirals",
        "conv",
        "vae",
        "siamese",
        "unet",
        "resnet50",
    }


@pytest.mark.parametrize("path", FOUND, ids=named)
def test_it_has_no_problem_and_a_teaching_header(path: Path) -> None:
    assert load(path).warnings == ()
    header = re.split("\n(?:name|extends|blocks):", path.read_text())[0]
    assert header.startswith("# ")
    verb = "summary" if path in LIBRARIES else "train"
    assert f"netlab {verb} configs/{named(path)}" in header


@pytest.mark.parametrize("path", LIBRARIES, ids=named)
def test_every_block_of_a_library_can_be_looked_at(path: Path) -> None:
    blocks = load(path).blocks
    assert blocks
    for name in blocks:
        summary = summarise(path, ["filters=8"], Asked(block=name, inputs=("[16, 16, 4]",)))
        assert summary.totals.parameters.total > 0


@pytest.mark.slow
@pytest.mark.parametrize("path", TRAINED, ids=named)
def test_it_trains_for_two_steps(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    small = [f"data.batch_size={LARGEST}", *SMALLER.get(path.stem, [])] if path.parent.name == "zoo" else []
    result = train(path, small, dry_run=True)
    assert result.steps == 2
    assert math.isfinite(result.metrics["test"]["loss"])
    assert list(tmp_path.iterdir()) == []
