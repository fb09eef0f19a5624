"""One step, run eagerly, against closed forms and hand-written loops."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import pytest
import tensorflow as tf

from netlib.data.arrays import Arrays
from netlib.nn.keras_objects import make
from netlib.spec.tensors import TensorSpec
from netlib.spec.training import TrainSpec
from netlib.training.learning import UntrainedWarning
from netlib.training.meters import Meters
from netlib.training.model import Model
from netlib.training.objective import Objective
from netlib.training.setup import heads_of
from netlib.training.step import TrainStep

HIDDEN = {"Dense": {"units": 8, "activation": "relu"}, "name": "hidden"}
HEAD = {"Dense": 3, "name": "head"}
LOSS = "sparse_categorical_crossentropy"
Weights = dict[str, np.ndarray]


def make_step(
    data: Arrays, nodes: list[Any], batch_size: int = 16, loss: Any = LOSS, outputs: Any = None, **settings: Any
) -> TrainStep:
    model = Model(nodes, seed=5, outputs=outputs)
    model.ensure_built(*(TensorSpec((None, *a.shape[1:]), a.dtype.name) for a in data.inputs.values()))
    train = TrainSpec.parse({"epochs": 1, "loss": loss, **settings})
    heads = heads_of(model, train, data)
    optimizer = make(train.optimizer)
    optimizer.build(model.trainable_variables)
    meters = Meters(heads, model.graph.output_tensors())
    return TrainStep(model, Objective(heads), optimizer, meters, batch_size, train.accumulate, train.clip, seed=5)


def take(step: TrainStep, data: Arrays, number: int = 0) -> dict[str, float]:
    """One step on all of the data; its facts by name."""
    batch = {
        "inputs": {name: tf.constant(array) for name, array in data.inputs.items()},
        "targets": {name: tf.constant(array) for name, array in data.targets.items()},
        "weights": None if data.weights is None else tf.constant(data.weights),
    }
    facts = step(batch, len(data), tf.constant(number, tf.int64))
    return dict(zip(step.facts, facts.numpy().tolist(), strict=True))


def weighted(data: Arrays, seed: int = 1) -> Arrays:
    weights = np.random.default_rng(seed).random(len(data)).astype(np.float32)
    return Arrays(data.inputs, data.targets, weights)


def gradients(weights: Weights, data: Arrays) -> tuple[float, Weights]:
    """Loss and gradient of the MLP, by the chain rule."""
    x, labels = data.inputs["input"].astype(np.float64), data.targets["target"]
    share = np.ones(len(x)) if data.weights is None else data.weights
    hidden = np.maximum(x @ weights["hidden.kernel"] + weights["hidden.bias"], 0)
    logits = hidden @ weights["head.kernel"] + weights["head.bias"]
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    loss = np.average(-np.log(shares[np.arange(len(x)), labels]), weights=share)
    back = (shares - np.eye(3)[labels]) * (share / share.sum())[:, None]
    into = back @ weights["head.kernel"].T * (hidden > 0)
    return loss, {
        "hidden.kernel": x.T @ into,
        "hidden.bias": into.sum(axis=0),
        "head.kernel": hidden.T @ back,
        "head.bias": back.sum(axis=0),
    }


def norm(values: Weights) -> float:
    return float(np.sqrt(sum(np.sum(value.astype(np.float64) ** 2) for value in values.values())))


class Sgd:
    """w <- w - 0.1 g."""

    choice: ClassVar[Any] = {"SGD": 0.1}

    def update(self, weights: Weights, gradient: Weights) -> Weights:
        return {path: weights[path] - 0.1 * gradient[path] for path in weights}


class Adam:
    """Kingma and Ba (2014), in the form before their section 2.1."""

    choice: ClassVar[Any] = {"Adam": {"learning_rate": 0.01, "epsilon": 1e-7}}

    def __init__(self) -> None:
        self.t, self.m, self.v = 0, {}, {}  # type: ignore[var-annotated]

    def update(self, weights: Weights, gradient: Weights) -> Weights:
        self.t += 1
        rate = 0.01 * np.sqrt(1 - 0.999**self.t) / (1 - 0.9**self.t)
        result = {}
        for path, g in gradient.items():
            self.m[path] = 0.9 * self.m.get(path, 0) + 0.1 * g
            self.v[path] = 0.999 * self.v.get(path, 0) + 0.001 * g**2
            result[path] = weights[path] - rate * self.m[path] / (np.sqrt(self.v[path]) + 1e-7)
        return result


@pytest.mark.parametrize("with_weights", [False, True])
@pytest.mark.parametrize("optimizer", [Sgd, Adam])
def test_updates_are_those_of_the_closed_form(
    blobs: Callable[..., Arrays], optimizer: type[Sgd | Adam], with_weights: bool
) -> None:
    data = weighted(blobs(30)) if with_weights else blobs(30)
    step, oracle = make_step(data, [HIDDEN, HEAD], batch_size=30, optimizer=optimizer.choice), optimizer()
    weights: Weights = {path: value.astype(np.float64) for path, value in step.model.state_dict().items()}
    for number in range(6):
        loss, gradient = gradients(weights, data)
        weights = oracle.update(weights, gradient)
        facts = take(step, data, number)
        assert facts["loss"] == pytest.approx(loss, rel=1e-5)
        assert facts["gradient_norm"] == pytest.approx(norm(gradient), rel=1e-4)
        assert facts["weight"] == pytest.approx(30 if data.weights is None else data.weights.sum())
    for path, value in step.model.state_dict().items():
        np.testing.assert_allclose(value, weights[path], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("rows", [16, 14, 5, 3])
@pytest.mark.parametrize("with_weights", [False, True])
def test_accumulated_batches_make_the_step_of_one_large_batch(
    blobs: Callable[..., Arrays], rows: int, with_weights: bool
) -> None:
    """Dropout draws the same bits for the same rows; of 14 rows in fours, the last two make a smaller batch."""
    data = weighted(blobs(rows)) if with_weights else blobs(rows)
    head = {"Dense": {"units": 3, "kernel_regularizer": {"L2": 0.01}}}
    nodes = [HIDDEN, {"Dropout": 0.4}, head]
    settings: dict[str, Any] = {"optimizer": {"SGD": {"learning_rate": 0.1, "momentum": 0.9}}, "metrics": ["accuracy"]}
    small = make_step(data, nodes, batch_size=4, accumulate=4, **settings)
    large = make_step(data, nodes, batch_size=16, **settings)
    for number in range(3):
        assert take(small, data, number) == pytest.approx(take(large, data, number), rel=1e-5)
    for path, value in large.model.state_dict().items():
        np.testing.assert_allclose(small.model.state_dict()[path], value, rtol=1e-5, atol=1e-6)
    assert small.meters.results() == pytest.approx(large.meters.results())


def test_micro_batches_of_no_weight_do_nothing(blobs: Callable[..., Arrays]) -> None:
    data = blobs(16)
    half = Arrays(data.inputs, data.targets, np.repeat([1.0, 0.0], 8).astype(np.float32))
    both = make_step(half, [HIDDEN, HEAD], batch_size=4, accumulate=4, optimizer="SGD")
    one = make_step(data, [HIDDEN, HEAD], batch_size=8, optimizer="SGD")
    first = take(both, half)
    assert first == pytest.approx(take(one, data.take(np.arange(8))), rel=1e-5)
    np.testing.assert_allclose(both.model.state_dict()["head.kernel"], one.model.state_dict()["head.kernel"], rtol=1e-5)

    none = Arrays(data.inputs, data.targets, np.zeros(16, np.float32))
    before = both.model.state_dict()
    facts = take(both, none, 1)
    assert (facts["weight"], facts["gradient_norm"]) == (0.0, 0.0)
    np.testing.assert_array_equal(both.model.state_dict()["head.kernel"], before["head.kernel"])


@pytest.mark.parametrize("accumulate", [1, 4])
@pytest.mark.parametrize("limit", [0.01, 0.1, 100.0])
@pytest.mark.parametrize("kind", ["value", "norm", "global_norm"])
def test_clipping(blobs: Callable[..., Arrays], kind: str, limit: float, accumulate: int) -> None:
    data = blobs(16)
    size = 16 // accumulate
    step = make_step(data, [HIDDEN, HEAD], size, optimizer={"SGD": 1.0}, clip={kind: limit}, accumulate=accumulate)
    before = step.model.state_dict()
    _, gradient = gradients(before, data)
    whole = norm(gradient)
    clipped = {
        "value": lambda g: np.clip(g, -limit, limit),
        "norm": lambda g: g * min(1, limit / np.linalg.norm(g)),
        "global_norm": lambda g: g * min(1, limit / whole),
    }[kind]
    facts = take(step, data)
    assert facts["gradient_norm"] == pytest.approx(whole, rel=1e-4)
    for path, value in step.model.state_dict().items():
        np.testing.assert_allclose(before[path] - value, clipped(gradient[path]), rtol=1e-3, atol=2e-7)


@pytest.mark.parametrize("kind", ["value", "norm", "global_norm"])
def test_an_embedding_is_clipped_by_its_whole_gradient(kind: str) -> None:
    """Entries of a sparse gradient for one row, taken by themselves, have another norm than their sum."""
    words = np.array([[1, 1], [1, 2], [0, 1], [1, 1]], np.int32)
    y = np.array([[1.0], [2.0], [3.0], [4.0]], np.float32)
    data = Arrays({"input": words}, {"target": y})
    nodes = [{"Embedding": {"input_dim": 4, "output_dim": 3}, "name": "table"}, "Flatten", {"Dense": 1, "name": "head"}]
    step = make_step(data, nodes, loss="mse", optimizer={"SGD": 1.0}, clip={kind: 0.5})
    before = step.model.state_dict()
    with tf.GradientTape() as tape:
        table, kernel, bias = variables = [tf.Variable(value) for value in before.values()]
        output = tf.reshape(tf.one_hot(words, 4) @ table, [4, 6]) @ kernel + bias
        loss = tf.reduce_mean((output - y) ** 2)
    gradient = dict(zip(before, (g.numpy() for g in tape.gradient(loss, variables)), strict=True))
    whole = norm(gradient)
    clipped = {
        "value": lambda g: np.clip(g, -0.5, 0.5),
        "norm": lambda g: g * min(1, 0.5 / np.linalg.norm(g)),
        "global_norm": lambda g: g * min(1, 0.5 / whole),
    }[kind]
    assert take(step, data)["gradient_norm"] == pytest.approx(whole, rel=1e-5)
    for path, value in step.model.state_dict().items():
        np.testing.assert_allclose(before[path] - value, clipped(gradient[path]), rtol=1e-4, atol=1e-6)


def test_penalties_of_weights_are_in_the_loss_and_its_gradient(blobs: Callable[..., Arrays]) -> None:
    data = blobs(16)
    head = {"Dense": {"units": 3, "kernel_regularizer": {"L2": 0.1}}, "name": "head"}
    step = make_step(data, [HIDDEN, head], optimizer={"SGD": 1.0})
    before = step.model.state_dict()
    loss, gradient = gradients(before, data)
    facts = take(step, data)
    kernel = before["head.kernel"]
    assert facts["loss"] == pytest.approx(loss + 0.1 * np.sum(kernel**2), rel=1e-5)
    change = kernel - step.model.state_dict()["head.kernel"]
    np.testing.assert_allclose(change, gradient["head.kernel"] + 0.2 * kernel, rtol=1e-4, atol=1e-6)


def test_several_losses_have_columns_of_their_own(blobs: Callable[..., Arrays]) -> None:
    data = blobs(16)
    data = Arrays(data.inputs, {"kind": data.targets["target"], "size": data.inputs["input"][:, :2]})
    loss = {
        "kind": {LOSS: None, "of": "head"},
        "size": {"mse": None, "of": "width", "weight": 0.25},
    }
    nodes = [HIDDEN, {**HEAD, "from": "hidden"}, {"Dense": 2, "name": "width", "from": "hidden"}]
    step = make_step(data, nodes, loss=loss, outputs=["head", "width"], optimizer="SGD")
    before = step.model.state_dict()
    facts = take(step, data)
    assert step.facts == ("learning_rate", "gradient_norm", "weight", "skipped", "loss", "kind_loss", "size_loss")
    x = data.inputs["input"]
    hidden = np.maximum(x @ before["hidden.kernel"] + before["hidden.bias"], 0)
    size = np.mean((hidden @ before["width.kernel"] + before["width.bias"] - x[:, :2]) ** 2)
    assert facts["size_loss"] == pytest.approx(size, rel=1e-5)
    assert facts["loss"] == pytest.approx(facts["kind_loss"] + 0.25 * facts["size_loss"], rel=1e-6)


def test_an_input_may_be_the_target(blobs: Callable[..., Arrays]) -> None:
    data = Arrays(blobs(16).inputs, {})
    step = make_step(data, [{"Dense": 6, "name": "back"}], loss={"mse": None, "target": "input"}, optimizer="SGD")
    weights, x = step.model.state_dict(), data.inputs["input"]
    expected = np.mean((x @ weights["back.kernel"] + weights["back.bias"] - x) ** 2)
    assert take(step, data)["loss"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("accumulate", [1, 2])
def test_a_variable_that_the_loss_does_not_depend_on_is_named(blobs: Callable[..., Arrays], accumulate: int) -> None:
    data = blobs(8)
    nodes = [HIDDEN, {**HEAD, "from": "hidden"}, {"Dense": 2, "name": "unused", "from": "hidden"}]
    loss = {LOSS: None, "of": "head"}
    size = 8 // accumulate
    step = make_step(data, nodes, size, loss, ["head", "unused"], optimizer="SGD", accumulate=accumulate)
    before = step.model.state_dict()
    with pytest.warns(UntrainedWarning, match=r"the loss does not depend on unused\.kernel, unused\.bias: not trained"):
        take(step, data)
    after = step.model.state_dict()
    np.testing.assert_array_equal(after["unused.kernel"], before["unused.kernel"])
    assert not np.array_equal(after["head.kernel"], before["head.kernel"])


def test_frozen_layers_stay_and_need_no_warning(blobs: Callable[..., Arrays]) -> None:
    data = blobs(8)
    step = make_step(data, [{**HIDDEN, "trainable": False}, HEAD], optimizer="SGD")
    before = step.model.state_dict()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        take(step, data)
    after = step.model.state_dict()
    np.testing.assert_array_equal(after["hidden.kernel"], before["hidden.kernel"])
    assert not np.array_equal(after["head.kernel"], before["head.kernel"])


def test_the_learning_rate_is_that_of_the_step(blobs: Callable[..., Arrays]) -> None:
    data = blobs(8)
    rate = {"ExponentialDecay": {"initial_learning_rate": 0.5, "decay_steps": 1, "decay_rate": 0.5}}
    step = make_step(data, [HEAD], optimizer={"SGD": {"learning_rate": rate}})
    assert [take(step, data, number)["learning_rate"] for number in range(3)] == [0.5, 0.25, 0.125]


def test_constraints_hold_after_a_step(blobs: Callable[..., Arrays]) -> None:
    data = blobs(8)
    head = {"Dense": {"units": 3, "kernel_constraint": "NonNeg"}, "name": "head"}
    step = make_step(data, [head], optimizer={"SGD": 1.0})
    assert step.model.state_dict()["head.kernel"].min() < 0
    take(step, data)
    assert step.model.state_dict()["head.kernel"].min() >= 0


def test_a_warning_of_what_is_not_trained_is_the_same_in_another_process() -> None:
    warning = UntrainedWarning(["a.kernel", "a.bias"])
    again = pickle.loads(pickle.dumps(warning))
    assert (str(again), again.paths) == (str(warning), ("a.kernel", "a.bias"))
    assert str(warning).startswith("the loss does not depend on a.kernel, a.bias: not trained")
