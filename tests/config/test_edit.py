from __future__ import annotations

from pathlib import Path

import pytest

from netlib.config.edit import apply
from netlib.config.overrides import command_line, parse_override
from netlib.config.problems import ConfigError

CONFIG = """
name: x
vars: {width: 32}
data: {source: digits, preprocess: {image: Standardize}}
model:
  - Conv2D: {filters: 8, kernel_size: 3}
    name: stem
  - Flatten
  - Dense: 64
    name: hidden
  - Reshape: [8, 8]
  - Dropout: {rate: 0.1}
  - Sequential:
      - Dense: {units: 3}
        name: inner
      - Activation: relu
    name: tower
  - Dropout: 0.5
train:
  epochs: 3
  loss: mse
  optimizer: {Adam: {learning_rate: 1e-3}}
  metrics: [accuracy, {AUC: {}, name: area}]
  early_stopping: 5
  callbacks: [ReduceOnPlateau, EMA]
"""


def changed(tree, *overrides, config=CONFIG):
    value = tree(config)
    for text in overrides:
        value = apply(parse_override(command_line(text, Path())), value)
    return value.plain()


CHANGES = {
    "train.epochs=5": ("train", "epochs", 5),
    "train.steps=5": ("train", "steps", 5),
    "seed=5": ("seed", 5),
    "vars.width=5": ("vars", "width", 5),
    "train.checkpoint.keep_last=5": ("train", "checkpoint", {"keep_last": 5}),
    # over a type key
    "train.optimizer.learning_rate=5": ("train", "optimizer", {"Adam": {"learning_rate": 5}}),
    "train.optimizer.beta_1=5": ("train", "optimizer", {"Adam": {"learning_rate": 0.001, "beta_1": 5}}),
    "train.optimizer.Adam.beta_1=5": ("train", "optimizer", {"Adam": {"learning_rate": 0.001, "beta_1": 5}}),
    "train.optimizer={SGD: {}}": ("train", "optimizer", {"SGD": {}}),
    # list items by index and by name, over a type key
    "model.0.filters=5": ("model", 0, "Conv2D", "filters", 5),
    "model.stem.filters=5": ("model", 0, "Conv2D", "filters", 5),
    "model.stem.strides=5": ("model", 0, "Conv2D", "strides", 5),
    "model.stem=Flatten": ("model", 0, "Flatten"),
    "model.reshape=Flatten": ("model", 3, "Flatten"),
    "model.tower.inner.units=5": ("model", 5, "Sequential", 0, "Dense", "units", 5),
    "model.tower.0.units=5": ("model", 5, "Sequential", 0, "Dense", "units", 5),
    "model.tower.activation.activation=tanh": ("model", 5, "Sequential", 1, {"Activation": {"activation": "tanh"}}),
    # what stands alone becomes the mapping that it is short for
    "model.hidden.units=5": ("model", 2, "Dense", {"units": 5}),
    "model.hidden.activation=relu": ("model", 2, "Dense", {"units": 64, "activation": "relu"}),
    "model.flatten.name=flat": ("model", 1, {"Flatten": None, "name": "flat"}),
    "model.flatten.x=1": ("model", 1, {"Flatten": {"x": 1}}),
    "model.reshape.0=5": ("model", 3, "Reshape", [5, 8]),
    "model.reshape.target_shape=[5]": ("model", 3, "Reshape", {"target_shape": [5]}),
    "train.early_stopping.patience=7": ("train", "early_stopping", {"patience": 7}),
    "train.early_stopping.monitor=x": ("train", "early_stopping", {"patience": 5, "monitor": "x"}),
    "train.loss.delta=2": ("train", "loss", {"MeanSquaredError": {"delta": 2}}),
    "train.loss.weight=2": ("train", "loss", {"MeanSquaredError": None, "weight": 2}),
    "train.callbacks.0.factor=0.5": ("train", "callbacks", 0, {"ReduceOnPlateau": {"factor": 0.5}}),
    "train.callbacks.1.decay=0.9": ("train", "callbacks", 1, {"EMA": {"decay": 0.9}}),
    "train.metrics.accuracy.of=x": ("train", "metrics", 0, {"Accuracy": None, "of": "x"}),
    "train.metrics.area.curve=PR": ("train", "metrics", 1, {"AUC": {"curve": "PR"}, "name": "area"}),
    "data.preprocess.image.per=axis": ("data", "preprocess", "image", {"Standardize": {"per": "axis"}}),
    # wiring stands beside the type
    "model.stem.trainable=false": ("model", 0, "trainable", False),
    "model.stem.name=other": ("model", 0, "name", "other"),
    # default types
    "model.stem.kernel_initializer.scale=2": (
        "model",
        0,
        "Conv2D",
        "kernel_initializer",
        {"GlorotUniform": {"scale": 2}},
    ),
    # nothing else is looked at
    "trian.x.y=1": ("trian", {"x": {"y": 1}}),
}


@pytest.mark.parametrize("override", CHANGES)
def test_changes(tree, override):
    *steps, expected = CHANGES[override]
    value = changed(tree, override)
    for step in steps:
        value = value[step]
    assert value == expected


def test_nothing_else_changes(tree):
    before, after = changed(tree), changed(tree, "model.tower.inner.units=5")
    assert after["model"][5]["Sequential"][0]["Dense"].pop("units") == 5
    assert before["model"][5]["Sequential"][0]["Dense"].pop("units") == 3
    assert after == before


def test_the_type_that_is_not_written(tree):
    assert changed(tree, "train.optimizer.learning_rate=2", config="train: {epochs: 1}")["train"]["optimizer"] == {
        "Adam": {"learning_rate": 2}
    }


def test_a_path_steps_over_nodes(tree):
    config = "model: {inputs: {image: {shape: [2]}}, nodes: [{Dense: 1, name: a}], outputs: a}"
    assert changed(tree, "model.a.units=2", config=config)["model"]["nodes"] == [{"Dense": {"units": 2}, "name": "a"}]
    assert changed(tree, "model.0.units=2", config=config)["model"]["nodes"][0]["Dense"] == {"units": 2}
    assert changed(tree, "model.nodes.a.units=2", config=config)["model"]["nodes"][0]["Dense"] == {"units": 2}
    assert changed(tree, "model.inputs.image.shape=[3]", config=config)["model"]["inputs"] == {"image": {"shape": [3]}}
    without = config.replace(", outputs: a", "")
    assert changed(tree, "model.outputs=a", config=without)["model"]["outputs"] == "a"


BLOCKS = """
blocks:
  ConvBlock:
    params: {filters: $required, norm: {BatchNormalization: {momentum: 0.9}}}
    nodes: [{Conv2D: {filters: $filters, kernel_size: 3}, name: conv}, $norm]
  Narrow: {params: {width: 3}, nodes: [Dense: $width]}
  Outer:
    blocks: {Inner: {params: {rate: 0.1}, nodes: [Dropout: $rate]}}
    nodes: [{Inner: 0.2, name: drop}, {ConvBlock: 9, name: conv}]
  Listed: [Dense: 3]
model:
  - {ConvBlock: 8, name: first}
  - Narrow: 4
  - {Parallel: {branches: {A: [Flatten], B: [{Dense: 1, name: d}]}}, name: split}
  - {Variables: {A: {shape: [2]}}, name: tensors}
  - {Flatten: , each: {A: 1}, name: copies}
"""
BLOCK_CHANGES = {
    "blocks.ConvBlock.params.filters=5": ("blocks", "ConvBlock", "params", "filters", 5),
    "blocks.ConvBlock.params.norm.momentum=5": (
        "blocks", "ConvBlock", "params", "norm", {"BatchNormalization": {"momentum": 5}}),
    "blocks.ConvBlock.params.norm={LayerNormalization: {}}": (
        "blocks", "ConvBlock", "params", "norm", {"LayerNormalization": {}}),
    "blocks.ConvBlock.conv.filters=5": ("blocks", "ConvBlock", "nodes", 0, "Conv2D", "filters", 5),
    "blocks.ConvBlock.conv.name=stem": ("blocks", "ConvBlock", "nodes", 0, "name", "stem"),
    "blocks.ConvBlock.nodes.conv.kernel_size=5": ("blocks", "ConvBlock", "nodes", 0, "Conv2D", "kernel_size", 5),
    "blocks.ConvBlock.inputs=[a, b]": ("blocks", "ConvBlock", "inputs", ["a", "b"]),
    "blocks.Listed.dense.units=5": ("blocks", "Listed", 0, "Dense", {"units": 5}),
    "blocks.New=[Flatten]": ("blocks", "New", ["Flatten"]),
    "blocks.Outer.blocks.Inner.params.rate=5": ("blocks", "Outer", "blocks", "Inner", "params", "rate", 5),
    # the only parameter, or the only required one, that stands alone
    "model.first.norm=Flatten": ("model", 0, "ConvBlock", {"filters": 8, "norm": "Flatten"}),
    "model.first.repeat=2": ("model", 0, "repeat", 2),
    "model.narrow.width=5": ("model", 1, "Narrow", {"width": 5}),
    "blocks.Outer.drop.rate=5": ("blocks", "Outer", "nodes", 0, "Inner", {"rate": 5}),
    "blocks.Outer.conv.filters=5": ("blocks", "Outer", "nodes", 1, "ConvBlock", {"filters": 5}),
    # keys that are names, though they look like types
    "model.split.branches.B.d.units=5": ("model", 2, "Parallel", "branches", "B", 0, "Dense", {"units": 5}),
    "model.split.branches.C=[Flatten]": ("model", 2, "Parallel", "branches", "C", ["Flatten"]),
    "model.tensors.B=[3]": ("model", 3, "Variables", "B", [3]),
    "model.copies.each.B=2": ("model", 4, "each", {"A": 1, "B": 2}),
}  # fmt: skip


@pytest.mark.parametrize("override", BLOCK_CHANGES)
def test_changes_in_blocks_and_their_uses(tree, override):
    *steps, expected = BLOCK_CHANGES[override]
    value = changed(tree, override, config=BLOCKS)
    for step in steps:
        value = value[step]
    assert value == expected


def test_integer_keys(tree):
    config = "train: {weights: {0: 1, '1': 1}}"
    changes = ["train.weights.0=5", "train.weights.1=6", "train.weights.2=7", "train.weights.'3'=8"]
    assert changed(tree, *changes, config=config)["train"]["weights"] == {0: 5, "1": 6, 2: 7, "3": 8}


def test_deletions(tree):
    value = changed(
        tree, "~train.early_stopping", "~train.optimizer.learning_rate", "~model.0", "~model.hidden", "~name"
    )
    assert "early_stopping" not in value["train"]
    assert value["train"]["optimizer"] == {"Adam": {}}
    assert [type(node) is str or next(iter(node)) for node in value["model"][:2]] == [True, "Reshape"]
    assert "name" not in value


def test_changes_follow_one_another(tree):
    value = changed(tree, "train.optimizer={SGD: {}}", "train.optimizer.momentum=0.5", "train.optimizer.momentum=0.9")
    assert value["train"]["optimizer"] == {"SGD": {"momentum": 0.9}}


MISTAKES = {
    "model.hiden.units=1": "'model' has no item 'hiden'; did you mean 'hidden'?",
    "model.xyz.units=1": "'model' has no item 'xyz' (it has: stem, flatten, hidden, reshape, dropout, tower, dropout)",
    "model.dropout.rate=1": "'model' has 2 items 'dropout'; write the index of one: 4, 6",
    "model.7=1": "'model' has 7 items, counted from 0; there is no item 7",
    "model.tower.2.units=1": "'model.5.Sequential' has 2 items, counted from 0; there is no item 2",
    "train.epochs.x=1": "'train.epochs' is 3, which has no 'x'",
    "name.x=1": "'name' is 'x', which has no 'x'",
    "data.source.x=1": "'data.source' is 'digits', which has no 'x'",
    "~train.epoch": "there is no 'epoch' to delete; did you mean 'epochs'?",
    "~xyz": "there is no 'xyz' to delete",
    "vars.widht=1": "no variable 'widht' is declared in 'vars'; did you mean 'width'?",
}


@pytest.mark.parametrize("override", MISTAKES)
def test_mistakes(tree, override):
    with pytest.raises(ConfigError) as caught:
        changed(tree, override)
    assert [problem.message for problem in caught.value.problems] == [MISTAKES[override]]


def test_variables_where_there_are_none(tree):
    with pytest.raises(ConfigError, match="no variable 'a' is declared in 'vars'; there is none"):
        changed(tree, "vars.a=1", config="name: x")


def test_what_an_override_has_set_knows_it(tree):
    value = apply(parse_override(command_line("train.optimizer.beta_1=1", Path("/folder"))), tree(CONFIG))
    found, depth = value.find(("train", "optimizer", "Adam", "beta_1"))
    assert depth == 4
    assert found.place.source.origin == "command line"
    assert (found.key.column, found.key.length) == (16, 6)
    other, _ = value.find(("train", "optimizer", "Adam", "learning_rate"))
    assert other.place.source.origin == "file"
