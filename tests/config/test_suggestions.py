from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from netlib.config.load import read
from netlib.config.suggestions import suggestions, tree_of
from netlib.config.tree import Value

TEXT = """\
name: digits
vars: {width: 64}
data: {source: csv, path: a.csv, validation: 0.2}
model:
  - Flatten
  - {Dense: {units: $width, activation: relu}, name: hidden}
  - Dropout: {rate: 0.1}
  - Dropout: {rate: 0.2}
  - {Dense: 10, name: digit}
train:
  epochs: 30
  loss: sparse_categorical_crossentropy
  optimizer: {SGD: {momentum: 0.9}}
"""


@pytest.fixture
def words(tree: Callable[[str], Value]) -> Callable[..., list[str]]:
    def of(word: str, text: str = TEXT) -> list[str]:
        return [each.word for each in suggestions(word, tree(text))]

    return of


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("", ["name=", "vars.", "data.", "model.", "train.", "seed="]),
        ("tr", ["train."]),
        ("train.ep", ["train.epochs="]),
        ("train.opt", ["train.optimizer=", "train.optimizer."]),
        ("train.optimizer.mo", ["train.optimizer.momentum="]),
        ("train.early_stopping.pa", ["train.early_stopping.patience="]),
        ("train.execution=", [f"train.execution={each}" for each in ("auto", "xla", "graph", "eager")]),
        ("train.optimizer=Adam", ["train.optimizer=Adam", "train.optimizer=AdamW", "train.optimizer=Adamax"]),
        ("train.loss=huber", ["train.loss=huber"]),
        ("data.shuffle=", ["data.shuffle=true", "data.shuffle=false"]),
        ("data.stratify=", ["data.stratify=true", "data.stratify=false", "data.stratify=null"]),
        ("data.source=b", ["data.source=breast_cancer", "data.source=blobs"]),
        ("data.sep", ["data.separator="]),
        ("vars.", ["vars.width="]),
        ("model.hidden.un", ["model.hidden.units="]),
        ("model.hidden.activation=gel", ["model.hidden.activation=gelu"]),
        ("model.digit.use", ["model.digit.use_bias="]),
        ("model.2.ra", ["model.2.rate="]),
        ("~train.op", ["~train.optimizer"]),
        ("~train.early", []),
        ("train.nothing.", []),
        ("train.epochs=", []),
        ("x=y=z", []),
    ],
)
def test_what_could_be_written_next(words, word, expected):
    assert words(word) == expected


def test_nodes_are_named_and_those_that_share_a_name_counted(words):
    assert {"model.hidden.", "model.2.", "model.3.", "model.digit."} <= {*words("model.")}


def test_nodes_of_a_network_are_found_without_the_key_nodes(words):
    text = "model:\n  inputs: {x: {shape: [4]}}\n  nodes: [{Dense: 3, name: first}]\n"
    assert "model.first.units=" in words("model.first.", text)


def test_every_key_that_is_suggested_may_be_set(words):
    """The suggestions are asked of the loader itself: none is an unknown key, whatever the value."""
    for word in ("", "data.", "train.", "train.optimizer.", "model.hidden.", "train.early_stopping."):
        for each in words(word):
            if each.endswith("="):
                with pytest.raises(Exception) as caught:  # noqa: PT011  # `{}[` is no YAML: the key is looked at first
                    read(TEXT, overrides=[f"{each}[}}"])
                assert "has no" not in str(caught.value)


def test_what_is_written_and_what_a_key_is_for_is_said(tree):
    about = dict(suggestions("train.", tree(TEXT)))
    assert about["train.epochs="] == "now 30"
    assert about["train.steps="] == "Updates of the weights."
    assert all(len(each) <= 64 for each in about.values())
    assert dict(suggestions("data.validation", tree(TEXT))) == {"data.validation=": "now 0.2"}


def test_without_a_config_the_keys_of_the_schema_are_known():
    assert [each.word for each in suggestions("train.accum")] == ["train.accumulate="]
    assert [each.word for each in suggestions("model.")] == []


def test_a_config_that_is_not_valid_is_no_obstacle(tmp_path: Path):
    (tmp_path / "base.yaml").write_text("train: {optimizer: {Lion: {}}, epochs: ten}\n")
    file = tmp_path / "a.yaml"
    file.write_text("extends: base.yaml\nmodel: [{Dense: {}, name: one}]\nnothing: 3\n")
    tree = tree_of(file)
    assert [each.word for each in suggestions("train.optimizer.beta_1", tree)] == ["train.optimizer.beta_1="]
    assert "model.one.units=" in [each.word for each in suggestions("model.one.", tree)]
    assert tree_of(tmp_path / "none.yaml") is None
