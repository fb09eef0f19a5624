from __future__ import annotations

import pytest

from netlib.config.merge import merge

CASES = {
    "mappings merge by key": ("x: {a: 1, b: 1}", "x: {b: 2, c: 2}", {"x": {"a": 1, "b": 2, "c": 2}}),
    "lists are replaced": ("x: [1, 2, 3]", "x: [4]", {"x": [4]}),
    "a scalar replaces a mapping": ("train: {early_stopping: {patience: 3}}", "train: {early_stopping: ~}",
                                    {"train": {"early_stopping": None}}),
    "a mapping replaces a scalar": ("x: 1", "x: {a: 1}", {"x": {"a": 1}}),
    "parameters of one type merge": ("train: {optimizer: {Adam: {learning_rate: 1, beta_1: 0.5}}}",
                                     "train: {optimizer: {Adam: {learning_rate: 2}}}",
                                     {"train": {"optimizer": {"Adam": {"learning_rate": 2, "beta_1": 0.5}}}}),
    "another type replaces": ("train: {optimizer: {Adam: {learning_rate: 1}}}", "train: {optimizer: {SGD: {momentum: 2}}}",
                              {"train": {"optimizer": {"SGD": {"momentum": 2}}}}),
    "another type in lower case replaces": ("train: {optimizer: {adam: {learning_rate: 1}}}",
                                            "train: {optimizer: {sgd: {}}}", {"train": {"optimizer": {"sgd": {}}}}),
    "another spelling is the same type": ("train: {optimizer: {adam: {learning_rate: 1}}}",
                                          "train: {optimizer: {Adam: {beta_1: 2}}}",
                                          {"train": {"optimizer": {"Adam": {"learning_rate": 1, "beta_1": 2}}}}),
    "a loss of another type takes its wiring along": (
        "train: {loss: {a: {Huber: {delta: 2}, of: x, weight: 3}}}", "train: {loss: {a: {LogCosh: {}, of: y}}}",
        {"train": {"loss": {"a": {"LogCosh": {}, "of": "y"}}}}),
    "names of losses merge": ("train: {loss: {a: mse}}", "train: {loss: {b: mae}}",
                              {"train": {"loss": {"a": "mse", "b": "mae"}}}),
    "variables merge, whatever they are called": ("vars: {adam: 1}", "vars: {sgd: 2}", {"vars": {"adam": 1, "sgd": 2}}),
    "a variable that is another choice of a type is replaced": (
        "vars: {norm: {BatchNormalization: {momentum: 1}}}", "vars: {norm: {LayerNormalization: {axis: 1}}}",
        {"vars": {"norm": {"LayerNormalization": {"axis": 1}}}}),
    "a variable that chooses the same type merges": (
        "vars: {norm: {BatchNormalization: {momentum: 1}}}", "vars: {norm: {BatchNormalization: {axis: 1}}}",
        {"vars": {"norm": {"BatchNormalization": {"momentum": 1, "axis": 1}}}}),
    "mappings of a variable merge, whatever their keys": (
        "vars: {sizes: {A: 1, relu: 2}}", "vars: {sizes: {B: 3, tanh: 4}}",
        {"vars": {"sizes": {"A": 1, "relu": 2, "B": 3, "tanh": 4}}}),
    "blocks merge by name": ("blocks: {A: [Flatten], B: [Flatten]}", "blocks: {B: [Dropout], C: [Flatten]}",
                             {"blocks": {"A": ["Flatten"], "B": ["Dropout"], "C": ["Flatten"]}}),
    "a block merges by key, and its list of nodes is replaced": (
        "blocks: {A: {params: {a: 1, b: 2}, nodes: [Flatten, Dense: 1], outputs: {x: y}}}",
        "blocks: {A: {params: {b: 3}, nodes: [Dropout], outputs: {z: y}}}",
        {"blocks": {"A": {"params": {"a": 1, "b": 3}, "nodes": ["Dropout"], "outputs": {"x": "y", "z": "y"}}}}),
    "blocks that are called like types are no choice": ("blocks: {Dense: {nodes: [Flatten]}}", "blocks: {Adam: {nodes: []}}",
        {"blocks": {"Dense": {"nodes": ["Flatten"]}, "Adam": {"nodes": []}}}),
    "a parameter that is another choice of a type is replaced": (
        "blocks: {A: {params: {norm: {BatchNormalization: {momentum: 1}}}}}",
        "blocks: {A: {params: {norm: {LayerNormalization: {}}}}}",
        {"blocks": {"A": {"params": {"norm": {"LayerNormalization": {}}}}}}),
    "a block of another file is replaced by one that is written": (
        "blocks: {A: {file: a.yaml, outputs: [x]}}", "blocks: {A: {nodes: [Flatten]}}",
        {"blocks": {"A": {"nodes": ["Flatten"]}}}),
    "a block that is written is replaced by one of another file": (
        "blocks: {A: {params: {a: 1}, nodes: [Flatten]}}", "blocks: {A: {file: a.yaml}}", {"blocks": {"A": {"file": "a.yaml"}}}),
    "a block of another file merges": (
        "blocks: {A: {file: a.yaml, outputs: [x]}}", "blocks: {A: {outputs: [y]}}",
        {"blocks": {"A": {"file": "a.yaml", "outputs": ["y"]}}}),
    "a model's list of nodes is replaced": (
        "model: {inputs: {x: {shape: [2]}}, nodes: [Dense: 1]}", "model: {nodes: [{Dense: 2}, Flatten]}",
        {"model": {"inputs": {"x": {"shape": [2]}}, "nodes": [{"Dense": 2}, "Flatten"]}}),
    "a model that is a list replaces one that is a mapping": ("model: {nodes: [Flatten]}", "model: [Dense: 1]",
                                                              {"model": [{"Dense": 1}]}),
    "a single loss of another type is replaced": ("train: {loss: {Huber: {delta: 2}}}", "train: {loss: {LogCosh: {}}}",
                                                  {"train": {"loss": {"LogCosh": {}}}}),
    "a schedule of another type is replaced": (
        "train: {optimizer: {Adam: {learning_rate: {CosineDecay: {decay_steps: 1}}, beta_1: 0.5}}}",
        "train: {optimizer: {Adam: {learning_rate: {ExponentialDecay: {decay_rate: 2}}}}}",
        {"train": {"optimizer": {"Adam": {"learning_rate": {"ExponentialDecay": {"decay_rate": 2}}, "beta_1": 0.5}}}}),
    "another source leaves the common keys": ("data: {source: spirals, samples: 9, batch_size: 3}", "data: {source: digits}",
                                              {"data": {"source": "digits", "batch_size": 3}}),
    "the same source keeps its parameters": ("data: {source: spirals, samples: 9}", "data: {source: spirals, noise: 1}",
                                             {"data": {"source": "spirals", "samples": 9, "noise": 1}}),
    "data without a source merges": ("data: {source: spirals, samples: 9}", "data: {batch_size: 1}",
                                     {"data": {"source": "spirals", "samples": 9, "batch_size": 1}}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_merging(tree, case):
    base, over, merged = CASES[case]
    assert merge(tree(base), tree(over)).plain() == merged


def test_keys_keep_the_order_of_the_base(tree):
    merged = merge(tree("vars: {a: 1, b: 2}"), tree("vars: {c: 3, a: 4}"))
    assert list(merged.plain()["vars"].items()) == [("a", 4), ("b", 2), ("c", 3)]


def test_neither_tree_is_changed(tree):
    base, over = tree("x: {a: 1}"), tree("x: {b: 2}")
    merge(base, over)
    assert (base.plain(), over.plain()) == ({"x": {"a": 1}}, {"x": {"b": 2}})
