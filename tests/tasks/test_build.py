from __future__ import annotations

import numpy as np
import pytest

from netlib.config.load import load, read
from netlib.spec.errors import UsageError
from netlib.tasks.build import build


def test_the_weights_are_those_of_the_graph_and_follow_from_the_seed(folder):
    experiment = load(folder / "tiny.yaml")
    first, second = (build(experiment).state_dict() for _ in range(2))
    assert {name: value.shape for name, value in first.items()} == {
        "hidden.kernel": (64, 8),
        "hidden.bias": (8,),
        "head.kernel": (8, 10),
        "head.bias": (10,),
    }
    assert all(np.array_equal(first[name], second[name]) for name in first)
    other = build(load(folder / "tiny.yaml", ["seed=4"])).state_dict()
    assert not np.array_equal(first["hidden.kernel"], other["hidden.kernel"])


def test_a_new_run_begins_with_these_weights(whole, folder):
    from safetensors.numpy import load_file

    begun = load_file(whole.run / "checkpoints" / "step-00000000" / "model.safetensors")
    built = build(load(folder / "tiny.yaml")).state_dict()
    assert begun.keys() == built.keys()
    assert all(np.array_equal(begun[name], built[name]) for name in built)


def test_a_library_has_no_model():
    with pytest.raises(UsageError, match=r"config 'shared' has no model to build; add a 'model' section"):
        build(read("name: shared\nvars: {width: 3}\n"))


FROZEN = """
data: {source: digits, batch_size: 600}
model:
  - Flatten
  - {Sequential: [Dense: 6, BatchNormalization, Dense: {units: 5, activation: relu}], name: encoder}
  - {Dense: 10, name: head}
train: {steps: 3, loss: sparse_categorical_crossentropy, execution: MODE, freeze: SELECTORS}
"""
STATISTICS = {"encoder.batch_normalization.moving_mean", "encoder.batch_normalization.moving_variance"}
NORM = {"encoder.batch_normalization.gamma", "encoder.batch_normalization.beta"}
LAST = {"encoder.dense_2.kernel", "encoder.dense_2.bias"}
HEAD = {"head.kernel", "head.bias"}


@pytest.mark.parametrize("mode", ["graph", "xla", "eager"])
@pytest.mark.parametrize(
    ("selectors", "moved"),
    [
        ("encoder.dense.*", NORM | STATISTICS | LAST | HEAD),
        ("[encoder]", HEAD),
        ("['encoder.**', head.bias]", {"head.kernel"}),
        ("['**.dense*.*', '**.moving_mean']", NORM | HEAD),
    ],
    ids=["weights of a node", "a container", "all in it and a weight", "by kind"],
)
def test_what_is_frozen_stays_as_it_is_and_all_else_moves(mode, selectors, moved):
    experiment = read(FROZEN.replace("MODE", mode).replace("SELECTORS", selectors))
    model = build(experiment)
    begin = model.state_dict()
    assert {each.path for each in model.named_variables() if each.trainable} == moved - STATISTICS
    assert experiment.graph.parameters().trainable == sum(begin[path].size for path in moved - STATISTICS)
    train = experiment.train
    model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy", execution=train.execution)
    images = np.random.default_rng(3).normal(size=(64, 8, 8, 1)).astype("float32")
    model.fit(images, np.arange(64) % 10, epochs=1, batch_size=32, verbose=False)
    end = model.state_dict()
    assert {path for path in begin if not np.array_equal(begin[path], end[path])} == moved


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16", "float64"])
def test_the_model_computes_as_the_config_says_and_a_node_as_it_says_itself(precision):
    text = FROZEN.replace("MODE", "eager").replace("SELECTORS", f"[encoder], precision: {precision}")
    model = build(read(text.replace("name: head}", "name: head, dtype: float32}")))
    assert (model.dtype, model["encoder.dense"].dtype, model["head"].dtype) == (precision, precision, "float32")
    tensors = [(node.path, node.output.dtype) for node in model.graph.walk() if node.body is None]
    outputs = dict(tensors)
    assert outputs["encoder.dense"] == model["encoder.dense"].compute_dtype
    assert outputs["head"] == "float32"
    built = {each.path: each.variable.dtype.name for each in model.named_variables()}
    known = {f"{n.path}.{w.name}": w.dtype or "float32" for n in model.graph.walk() for w in n.own_weights}
    assert built == known
