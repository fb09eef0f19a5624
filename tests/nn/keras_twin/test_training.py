"""The twin is trained as the network is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from netlib.nn.keras_twin import NoTwinError, obstacles, twin_of, twin_targets
from netlib.nn.network import Network
from netlib.spec.heads import Heads
from netlib.spec.training import TrainSpec
from netlib.training.model import Model

RNG = np.random.default_rng(8)
X = RNG.normal(size=[40, 5]).astype("float32")
CLASSES = RNG.integers(0, 3, [40])
ROWS = 8


def heads_of(train: TrainSpec, network: Network, *targets: str) -> Heads:
    return train.bind(list(network.graph.outputs), targets or ["target"], list(network.graph.inputs))


def assert_trained_alike(nodes: list[Any], x: Any, y: Any, **words: Any) -> None:
    """After five steps of `fit` the weights and the statistics are the same."""
    model = Model(nodes, inputs={"x": {"shape": list(x.shape[1:]), "dtype": x.dtype.name}}, seed=2)
    model.compile(**words, run_eagerly=True)
    model(x)
    assert model.trainer is not None
    heads = heads_of(model.trainer.train, model)
    twin = twin_of(model, model.trainer.train, heads, run_eagerly=True)
    model.fit(x, y, batch_size=ROWS, shuffle=False)
    target = twin_targets(heads, model.graph.output_tensors(), {"target": y})
    twin.fit(x, target, batch_size=ROWS, shuffle=False, verbose=0)
    for mine, yours in zip(twin_of(model).weights, twin.weights, strict=True):
        np.testing.assert_allclose(yours.numpy(), mine.numpy(), rtol=0, atol=1e-4, err_msg=mine.path)


NODES = [
    {"Dense": {"units": 8, "activation": "relu", "kernel_regularizer": {"L2": 0.01}}},
    "BatchNormalization",
    {"Dense": {"units": 3, "kernel_constraint": {"MaxNorm": 0.8}}},
]
WORDS: dict[str, dict[str, Any]] = {
    "Adam": {"optimizer": {"Adam": {"learning_rate": 0.01}}},
    "SGD": {"optimizer": {"SGD": {"learning_rate": 0.1, "momentum": 0.9}}},
    "a schedule": {
        "optimizer": {"SGD": {"learning_rate": {"CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 5}}}}
    },
    "the norm of all": {"optimizer": {"SGD": 0.1}, "clip": {"global_norm": 0.2}},
    "the norm of each": {"optimizer": {"SGD": 0.1}, "clip": {"norm": 0.1}},
    "the values": {"optimizer": {"SGD": 0.1}, "clip": {"value": 0.01}},
}


@pytest.mark.parametrize("case", WORDS)
def test_the_twin_trains_to_the_same_weights_by(case: str) -> None:
    assert_trained_alike(NODES, X, CLASSES, loss="sparse_categorical_crossentropy", metrics=["accuracy"], **WORDS[case])


def test_one_hot_targets_are_made_for_the_loss_that_takes_them() -> None:
    loss = {"CategoricalCrossentropy": {"label_smoothing": 0.1}}
    assert_trained_alike(NODES, X, CLASSES, loss=loss, metrics=["accuracy"], optimizer="Adam")


def test_a_masked_sequence_counts_its_real_places_alone() -> None:
    x = RNG.integers(0, 4, [40, 6]).astype("int32")
    nodes = [
        {"Embedding": {"input_dim": 4, "output_dim": 6, "mask_zero": True}},
        {"LSTM": {"units": 5, "return_sequences": True}},
        {"Dense": 4},
    ]
    assert_trained_alike(nodes, x, np.roll(x, 1, 1), loss="sparse_categorical_crossentropy", optimizer={"SGD": 0.1})


def test_accumulation_is_keras_s() -> None:
    """Without a smaller last group: Keras keeps that for the next epoch."""
    nodes = [{"Dense": {"units": 8, "activation": "tanh"}}, {"Dense": 1}]
    y = X[:, :1]
    assert_trained_alike(nodes, X[:32], y[:32], loss="mse", optimizer={"SGD": 0.1}, accumulate=2)


def test_several_outputs_have_their_losses_weights_and_metrics() -> None:
    nodes = [{"Dense": 4, "name": "d"}, {"Dense": 3, "name": "kind"}, {"Dense": 1, "name": "length", "from": "d"}]
    model = Model(nodes, ["kind", "length"], inputs={"x": {"shape": [5]}}, seed=2)
    loss = {"kind": "sparse_categorical_crossentropy", "length": {"MeanSquaredError": None, "weight": 0.5}}
    model.compile(
        loss,
        {"SGD": 0.1},
        {"right": {"Accuracy": None, "of": "kind"}, "off": {"MeanAbsoluteError": None, "of": "length"}},
        run_eagerly=True,
    )
    model(X)
    assert model.trainer is not None
    y = {"kind": CLASSES, "length": X.sum(1)}
    heads = heads_of(model.trainer.train, model, "kind", "length")
    twin = twin_of(model, model.trainer.train, heads, run_eagerly=True)
    model.fit(X, y, batch_size=ROWS, shuffle=False)
    targets = twin_targets(heads, model.graph.output_tensors(), y)
    history = twin.fit(X, targets, batch_size=ROWS, shuffle=False, verbose=0)
    assert {"kind_right", "length_off", "loss"} <= history.history.keys()
    for mine, yours in zip(twin_of(model).weights, twin.weights, strict=True):
        np.testing.assert_allclose(yours.numpy(), mine.numpy(), rtol=0, atol=1e-4)


def test_metrics_of_logits_are_told_so() -> None:
    y = (X[:, 0] > 0).astype("int32")
    metrics = ["accuracy", "AUC", {"BinaryAccuracy": {"threshold": 0.8}, "name": "sure"}, "BinaryCrossentropy"]
    model = Model([{"Dense": 1}], inputs={"x": {"shape": [5]}}, seed=2)
    model.compile("binary_crossentropy", "Adam", metrics, run_eagerly=True)
    model(X)
    assert model.trainer is not None
    heads = heads_of(model.trainer.train, model)
    twin = twin_of(model, model.trainer.train, heads, run_eagerly=True)
    targets = twin_targets(heads, model.graph.output_tensors(), {"target": y})
    theirs = twin.evaluate(X, targets, verbose=0, return_dict=True)
    for name, value in model.evaluate(X, y).items():
        assert theirs[name] == pytest.approx(value, abs=1e-5)


REFUSED: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "accumulate and a schedule": (
        {
            "accumulate": 2,
            "optimizer": {"SGD": {"learning_rate": {"CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 5}}}},
        },
        ("train.accumulate", "Keras's schedules count batches where gradients are accumulated, and ours steps"),
    ),
    "mix": (
        {"mix": {"MixUp": None}, "loss": {"CategoricalCrossentropy": None}},
        ("train.mix", "Keras mixes samples only where the data is read"),
    ),
    "a computed loss": (
        {"loss": {"Compute": "mean(square(output - target))"}},
        ("train.loss", "a loss of Keras's is one of an output and a target"),
    ),
    "a computed metric": (
        {"metrics": {"far": {"Compute": "max(output)"}}},
        ("train.metrics.far", "a metric of Keras's is one of an output and a target"),
    ),
    "two losses of an output": (
        {"loss": {"a": {"MeanSquaredError": None, "of": "output"}, "b": {"Huber": None, "of": "output"}}},
        ("train.loss.b", "output 'output' has another loss, and in Keras one"),
    ),
    "a metric of probabilities": (
        {"metrics": ["Precision"], "loss": "binary_crossentropy"},
        ("train.metrics.0", "Keras's metric takes probabilities, and the output is logits"),
    ),
    "a metric of other targets": (
        {"metrics": ["CategoricalAccuracy"], "loss": "sparse_categorical_crossentropy"},
        ("train.metrics.0", "it takes another target than the loss of 'output'"),
    ),
    "averages": (
        {"callbacks": ["EMA"]},
        ("train.callbacks.0", "Keras's averages take the weights' place only in the end"),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_why_a_training_has_no_counterpart(case: str) -> None:
    words, (place, reason) = REFUSED[case]
    model = Model([{"Dense": 3}], inputs={"x": {"shape": [5]}})
    model(X)
    train = TrainSpec.parse({"epochs": 1, "loss": "mse", **words})
    heads = heads_of(train, model)
    assert [(each.path, each.reason) for each in obstacles(model, train, heads)] == [(place, reason)]
    with pytest.raises(NoTwinError, match="has no twin made of Keras's layers"):
        twin_of(model, train, heads)
