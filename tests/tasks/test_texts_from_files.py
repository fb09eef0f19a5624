"""The shipped examples of texts, trained on files that are written here: what they learn, and that a run keeps its vocabulary."""

from __future__ import annotations

import math
import runpy
from pathlib import Path
from random import Random

import pytest

from netlib.tasks.evaluate import evaluate
from netlib.tasks.train import train

EXAMPLES = Path(__file__).parents[2] / "configs" / "data"


def written(folder: Path, **files: list[str]) -> None:
    for name, lines in files.items():
        (folder / f"{name}.txt").write_text("\n".join(lines), encoding="utf-8")


def test_the_files_of_the_examples_are_those_that_are_drawn():
    drawn = runpy.run_path(str(EXAMPLES / "texts.py"))
    assert [*drawn["tale"]()] == (EXAMPLES / "tale.txt").read_text(encoding="utf-8").splitlines()
    texts, labels = zip(*drawn["opinions"](), strict=True)
    assert [*texts] == (EXAMPLES / "opinions.txt").read_text(encoding="utf-8").splitlines()
    assert [*labels] == (EXAMPLES / "opinions_labels.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.slow
def test_texts_are_told_apart(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    draw = Random(0)
    sides = [draw.choice(["left", "right"]) for _ in range(500)]
    beside = {"left": "right", "right": "left"}
    texts = [f"{draw.choice(['go', 'turn'])} {side}, " + f"not {beside[side]} " * draw.randint(0, 2) for side in sides]
    written(tmp_path, texts=texts, sides=sides)
    files = [f"data.path={tmp_path / 'texts.txt'}", f"data.targets={tmp_path / 'sides.txt'}"]
    result = train(EXAMPLES / "text_classifier.yaml", [*files, "train.epochs=6"])
    assert result.metrics["test"]["accuracy"] > 0.95
    assert evaluate(str(result.run)).metrics == result.metrics["test"]


@pytest.mark.slow
def test_a_language_is_learned(tmp_path, monkeypatch):
    """Words of a random order, whose letters but the first can be told: the loss falls to what that leaves."""
    monkeypatch.chdir(tmp_path)
    draw = Random(0)
    words = ["alpha", "beta", "gamma", "delta"]
    lines = [" ".join(draw.choice(words) for _ in range(8)) for _ in range(400)]
    written(tmp_path, text=lines)
    result = train(EXAMPLES / "language_model.yaml", [f"data.path={tmp_path / 'text.txt'}", "vars.characters=16"])
    letters = sum(map(len, lines)) + len(lines)
    least = len(lines) * 8 * math.log(4) / letters
    assert least < result.metrics["test"]["loss"] < least + 0.15 < math.log(16) / 4
    assert evaluate(str(result.run)).metrics == result.metrics["test"]
