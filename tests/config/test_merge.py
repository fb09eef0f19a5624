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
