"""Every shipped config is checked, and trained for two steps."""

from __future__ import annotations

from pathlib import Path

import pytest

from netlib.config.load import load
from netlib.tasks.train import train

CONFIGS = Path(__file__).parents[1] / "configs"
FOUND = sorted(CONFIGS.rglob("*.yaml"))


def test_there_are_configs() -> None:
    names = {path.stem for path in FOUND}
    assert names >= {"digits_mlp", "digits_cnn", "iris", "diabetes", "spirals"}


@pytest.mark.parametrize("path", FOUND, ids=lambda path: str(path.relative_to(CONFIGS)))
def test_it_has_no_problem_and_a_teaching_header(path: Path) -> None:
    assert load(path).warnings == ()
    header = path.read_text().split("\nname:")[0]
    assert header.startswith("# ")
    assert f"netlab train configs/{path.relative_to(CONFIGS)}" in header


@pytest.mark.parametrize("path", FOUND, ids=lambda path: str(path.relative_to(CONFIGS)))
def test_it_trains_for_two_steps(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = train(path, dry_run=True)
    assert result.steps == 2
    assert result.metrics["test"]["loss"] > 0
    assert list(tmp_path.iterdir()) == []
