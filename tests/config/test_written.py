"""Configs that are mappings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from netlib.config.load import load
from netlib.config.problems import ConfigError
from netlib.spec.errors import UsageError

VALUES = {
    "name": "a",
    "data": {"source": "digits", "batch_size": np.int64(16)},
    "model": ["Flatten", {"Dense": {"units": 8, "activation": "relu"}, "name": "no"}, {"Dense": 10}],
    "train": {"epochs": 1, "loss": "sparse_categorical_crossentropy", "optimizer": {"Adam": {"learning_rate": 1e-3}}},
}


def test_it_says_what_the_file_says(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("""
name: a
data: {source: digits, batch_size: 16}
model:
  - Flatten
  - {Dense: {units: 8, activation: relu}, name: no}
  - Dense: 10
train: {epochs: 1, loss: sparse_categorical_crossentropy, optimizer: {Adam: {learning_rate: 0.001}}}
""")
    changes = ["train.epochs=3", "model.no.units=4"]
    assert load(VALUES, changes).resolved() == load(tmp_path / "a.yaml", changes).resolved()


def test_paths_are_those_of_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1.5,2.5\n2.5,3.5\n")
    monkeypatch.chdir(tmp_path)
    data = {"source": "csv", "path": Path("a.csv"), "targets": "y"}
    assert load({"data": data, "model": ({"Dense": 1},)}).resolved()["data"]["path"] == str(tmp_path / "a.csv")


def test_mistakes_are_shown_in_its_text() -> None:
    with pytest.raises(ConfigError) as error:
        load({"model": {"inputs": {"x": {"shape": [2]}}, "nodes": [{"Dense": {"untis": 3}}]}})
    assert "<mapping>:" in str(error.value)
    assert "Dense has no parameter 'untis'; did you mean 'units'?" in str(error.value)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"train": {"loss": len}},
            r"^train\.loss: a config has texts, numbers, .* got .*\(builtin_function_or_method\)$",
        ),
        ({"model": [{"Dense": np.zeros(3)}]}, r"^model\.0\.Dense: a config has texts, .* \(ndarray\)$"),
        ({"train": {None: 1}}, "^train: the keys of a mapping are texts, got nothing$"),
        ({None: 1}, "^the config: the keys of a mapping are texts"),
    ],
)
def test_what_no_config_can_have(values: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        load(values)
