from __future__ import annotations

import numpy as np
import pytest

from netlib.config.load import read
from netlib.data.arrays import Arrays
from netlib.data.load import load
from netlib.data.needs import Needs, embedding_tables
from netlib.spec.errors import UsageError

TOKENS = "{inputs: {a: {shape: [4], dtype: int32}, b: {shape: [4], dtype: int32}}, nodes: [%s], outputs: %s}"


def graph_of(model):
    return read(f"model: {model}\n").graph


def tables(nodes, outputs="out"):
    return embedding_tables(graph_of(TOKENS % (nodes, outputs)))


def embedding(rows, **wiring):
    wires = "".join(f", {key}: {value}" for key, value in wiring.items())
    return f"{{Embedding: {{input_dim: {rows}, output_dim: 2}}{wires}}}"


def two(*tables):
    """An embedding for each (input, rows), added up."""
    nodes = [embedding(rows, **{"from": source, "name": f"e{i}"}) for i, (source, rows) in enumerate(tables)]
    return f"{', '.join(nodes)}, {{Add: , from: [e0, e1], name: out}}"


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        (embedding(9, **{"from": "a", "name": "out"}), {"a": 9}),
        (two(("a", 9), ("a", 5)), {"a": 5}),
        (two(("b", 9), ("a", 5)), {"a": 5, "b": 9}),
        (f"{{Reshape: [2, 2], from: a}}, Identity, Flatten, {embedding(7, name='out')}", {"a": 7}),
        (f"{{Concatenate: , from: [a, b]}}, {embedding(7, name='out')}", {"a": 7, "b": 7}),
        (f"{{Sequential: [Flatten, {{Sequential: [{embedding(6)}]}}], from: b, name: out}}", {"b": 6}),
        (f"{{Sequential: [{{Reshape: [2, 2]}}], from: b}}, {embedding(8, name='out')}", {"b": 8}),
        (f"{embedding(9, **{'from': 'a'})}, Flatten, {{Dense: 3, name: out}}", {"a": 9}),
    ],
    ids=["plain", "shorter of two", "two inputs", "moved", "joined", "nested", "out of a container", "followed"],
)  # fmt: skip
def test_the_inputs_of_embeddings_however_they_come_there(nodes, expected):
    assert tables(nodes) == expected


TWO_OUTPUTS = """
data: {source: views, classes: 4, samples: 40}
model:
  nodes:
    - {Flatten: , from: image, name: flat}
    - {Concatenate: , from: [flat, features], name: both}
    - {Dense: 4, name: kind}
    - {Dense: 1, from: both, name: position}
  outputs: [kind, position]
train:
  epochs: 1
  loss:
    kind: SparseCategoricalCrossentropy
    position: {MeanSquaredError: {}, weight: 0.5}
"""


def test_needs_of_several_inputs_and_targets():
    experiment = read(TWO_OUTPUTS, "x.yaml")
    graph, signature = experiment.graph, experiment.data.signature()
    samples = load(experiment.data, 0).train
    needs = Needs.of(
        graph, experiment.train.bind(list(graph.outputs), list(signature.targets), list(signature.inputs)), samples
    )
    assert needs == Needs({"kind": 4}, {}, {})
    needs.check(samples, "the training split")
    kind = samples.targets["kind"].copy()
    kind[7] = 4
    with pytest.raises(
        UsageError, match=r"split: target 'kind' has label 4 in row 7 \(1 such\), but its output has 4 units"
    ):
        needs.check(Arrays(samples.inputs, {**samples.targets, "kind": kind}), "the training split")


def test_needs_are_found_once_and_asked_of_any_samples_of_that_form():
    """What is asked of every kind of target is in tests/tasks/test_data_contract.py."""
    text = "data: {source: npz, path: none.npz}\nmodel: {inputs: {x: {shape: [4]}}, nodes: [Dense: 3]}\n"
    experiment = read(text + "train: {epochs: 1, loss: sparse_categorical_crossentropy}\n", "x.yaml")
    graph = experiment.graph
    first = Arrays({"x": np.zeros((2, 4), np.float32)}, {"y": np.array([0, 1], np.int32)})
    needs = Needs.of(graph, experiment.train.bind(list(graph.outputs), ["y"], ["x"]), first)
    assert needs == Needs({"y": 3}, {}, {})
    needs.check(first, "batch 1")
    with pytest.raises(
        UsageError, match=r"^batch 2: target 'y' has label 3 in row 0 \(1 such\), but its output has 3 units"
    ):
        needs.check(Arrays(first.inputs, {"y": np.array([3, 1], np.int32)}), "batch 2")
