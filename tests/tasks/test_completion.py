from __future__ import annotations

from pathlib import Path

import pytest

from netlib.runs import directory
from netlib.tasks import completion


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With configs and runs, as a user has them."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.yaml", "b.yml", "notes.txt", ".hidden.yaml", "configs/c.yaml"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("train: {epochs: 3}\n")
    for name in ("runs/one-1", "runs/two-1", "elsewhere/three"):
        run = directory.create_at(tmp_path / name, {"resolved.yaml": "train: {steps: 7}\n"})
        (run.checkpoints / "step-00000004").mkdir(parents=True)
        (run.checkpoints / "best").write_text("step-00000004\n")
    (tmp_path / "runs" / "group").mkdir()
    return tmp_path


def words(found: list[tuple[str, str]]) -> list[str]:
    return [word for word, _ in found]


def test_configs(folder: Path) -> None:
    assert words(completion.configs("")) == ["a.yaml", "b.yml", "configs/", "elsewhere/", "runs/"]
    assert words(completion.configs("configs/")) == ["configs/c.yaml"]
    assert words(completion.configs(".")) == [".hidden.yaml"]
    assert words(completion.configs(f"{folder}/a")) == [f"{folder}/a.yaml"]
    assert completion.configs("nowhere/") == []


def test_a_path_from_home_stays_as_it_is_typed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    assert words(completion.configs("~/a")) == ["~/a.yaml"]
    assert words(completion.checkpoints("~/runs/one-1/b")) == ["~/runs/one-1/best"]


@pytest.mark.usefixtures("folder")
def test_runs() -> None:
    expected = [("runs/group/", ""), ("runs/one-1", "run"), ("runs/two-1", "run")]
    assert completion.runs("") == completion.runs("ru") == completion.runs("runs/") == expected
    assert words(completion.runs("runs/o")) == ["runs/one-1"]
    assert words(completion.runs("elsewhere/")) == ["elsewhere/three"]
    assert words(completion.configs_or_runs("runs/t")) == ["runs/two-1"]


@pytest.mark.usefixtures("folder")
def test_checkpoints_of_a_run() -> None:
    assert words(completion.checkpoints("runs/t")) == ["runs/two-1"]
    inside = ["runs/two-1/best", "runs/two-1/checkpoints/step-00000004"]
    assert words(completion.checkpoints("runs/two-1/")) == inside
    assert words(completion.checkpoints("runs/two-1/checkpoints/")) == inside[1:]
    assert words(completion.checkpoints("runs/two-1/la")) == []


@pytest.mark.usefixtures("folder")
def test_keys_are_those_of_the_config_or_of_the_run() -> None:
    assert completion.overrides("train.ep", Path("a.yaml")) == [("train.epochs=", "now 3")]
    assert completion.overrides("train.steps", Path("runs/one-1")) == [("train.steps=", "now 7")]
    assert words(completion.overrides("train.steps", None)) == ["train.steps="]


def test_types() -> None:
    assert words(completion.layers("Conv1")) == ["Conv1D", "Conv1DTranspose"]
    assert words(completion.layers("Resid")) == ["Residual"]
    assert "optimizer" in words(completion.layers("opt"))
    assert words(completion.layers("loss.Hub")) == ["loss.Huber"]
    assert "keras.layers.ConvLSTM1D" in words(completion.layers("keras.layers.ConvL"))
    assert words(completion.data("Stand")) == ["Standardize"]
    assert words(completion.data("split.H")) == ["split.Hash"]
