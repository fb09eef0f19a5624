"""Losses and metrics that an expression computes, against those of Keras, the built-in ones, and closed forms."""

from __future__ import annotations

from functools import cache
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.spec.errors import SpecError, UsageError
from netlib.spec.training import TrainSpec
from netlib.training.computed import ComputedMeter, computed_rows
from netlib.training.model import Model

RNG = np.random.default_rng(4)
ROWS = 50
X = RNG.normal(size=(ROWS, 4)).astype(np.float32)
Y = RNG.normal(size=(ROWS, 3)).astype(np.float32)
LABELS = RNG.integers(0, 3, ROWS).astype(np.int32)
WEIGHTS = RNG.uniform(0.1, 2, ROWS).astype(np.float32)
SQUARES = "mean((output - target) ** 2)"
SPLIT = "0.25 * mean((output - target) ** 2) + mean((output - target) ** 2) / 2 + 2 - (2 - mean((target - output) ** 2) * 0.25)"
CROSS = "mean(logsumexp(output, axis=-1) - sum(output * one_hot(target, 3), axis=-1))"


def dense(loss: Any, metrics: Any = (), **settings: Any) -> Model:
    settings = {"execution": "graph", **settings}
    made = Model([nn.Dense(5, activation="tanh"), nn.Dense(3)], seed=6)
    made.compile(loss, {"SGD": {"learning_rate": 0.1, "momentum": 0.5}}, metrics, **settings)
    return made


def trained(loss: Any, y: np.ndarray, metrics: Any = (), weights: Any = None, **settings: Any) -> dict[str, Any]:
    """What a training and an evaluation log, and the weights in the end; 50 rows in batches of 16."""
    made = dense(loss, metrics, **settings)
    history = made.fit(X, y, epochs=2, batch_size=16, sample_weight=weights)
    measured = made.evaluate(X, y, batch_size=16, sample_weight=weights)
    return {"train": [record["train"] for record in history], "measured": measured, "state": made.state_dict()}


def assert_same(found: dict[str, Any], expected: dict[str, Any], rel: float = 1e-6) -> None:
    assert found["train"] == [pytest.approx(record, rel=rel) for record in expected["train"]]
    assert found["measured"] == pytest.approx(expected["measured"], rel=rel)
    for path, value in expected["state"].items():
        np.testing.assert_allclose(found["state"][path], value, rtol=rel, atol=1e-7)


@cache
def squares(weighted: bool, accumulate: int, execution: str) -> dict[str, Any]:
    """The built-in one."""
    return trained("mse", Y, ["mse"], WEIGHTS if weighted else None, accumulate=accumulate, execution=execution)


@pytest.mark.parametrize(
    ("expression", "weighted", "accumulate", "execution"),
    [
        (SQUARES, False, 1, "graph"),
        (SQUARES, True, 1, "graph"),
        (SQUARES, True, 2, "eager"),
        ("mean((output - target) ** 2, axis=-1)", True, 1, "graph"),
        ("(output.output - target.target) ** 2", True, 1, "graph"),
        (SPLIT, True, 1, "graph"),
    ],
)
def test_squares_by_hand_are_the_mean_squared_error(
    expression: str, weighted: bool, accumulate: int, execution: str
) -> None:
    weights = WEIGHTS if weighted else None
    metric = {"Compute": expression, "name": "mse"}
    found = trained({"Compute": expression}, Y, [metric], weights, accumulate=accumulate, execution=execution)
    assert_same(found, squares(weighted, accumulate, execution), rel=1e-5 if expression == SPLIT else 1e-6)


def test_a_crossentropy_by_hand_is_the_built_in_one_and_that_of_keras() -> None:
    found = trained(
        {"Compute": CROSS}, LABELS, [{"Compute": "mean(argmax(output) == target)", "name": "accuracy"}], WEIGHTS
    )
    assert_same(found, trained("sparse_categorical_crossentropy", LABELS, ["accuracy"], WEIGHTS), rel=1e-5)
    made = dense({"Compute": CROSS})
    measured = made.evaluate(X, LABELS)["loss"]
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    assert measured == pytest.approx(float(loss(LABELS, made(X))), rel=1e-6)


def test_losses_are_joined_and_logged_as_all_others_are() -> None:
    by_hand = {"a": {"Compute": SQUARES, "weight": 0.5}, "b": {"MeanAbsoluteError": {}, "weight": 2}}
    built_in = {"a": {"MeanSquaredError": {}, "weight": 0.5}, "b": {"MeanAbsoluteError": {}, "weight": 2}}
    found, expected = trained(by_hand, Y, weights=WEIGHTS), trained(built_in, Y, weights=WEIGHTS)
    assert list(found["measured"]) == ["loss", "a_loss", "b_loss"]
    assert_same(found, expected)


def test_several_outputs_targets_and_inputs_have_names() -> None:
    nodes = [{"Dense": 3, "name": "left", "from": "a"}, {"Dense": 3, "name": "right", "from": "b"}]
    shapes = {"a": {"shape": [4]}, "b": {"shape": [4]}}
    made = Model(nodes, inputs=shapes, outputs=["left", "right"], seed=1)
    expression = "mean(same * sum((left - right) ** 2, axis=-1) + a[:, 0] * target.same)"
    made.compile({"pair": {"Compute": expression}}, "SGD", [{"Compute": "max(left)", "name": "largest"}])
    inputs, same = {"a": X, "b": -X}, {"same": LABELS.astype(np.float32)}
    measured = made.evaluate(inputs, same, batch_size=ROWS)
    outputs = {name: value.numpy() for name, value in made(inputs).items()}
    distance = ((outputs["left"] - outputs["right"]) ** 2).sum(axis=1)
    assert measured["loss"] == pytest.approx(np.mean(LABELS * distance + X[:, 0] * LABELS), rel=1e-5)
    assert measured["largest"] == pytest.approx(outputs["left"].max(), rel=1e-6)


TOKENS = RNG.integers(0, 6, (64, 3)).astype(np.int32)
TAGS = RNG.normal(size=(64, 3, 4)).astype(np.float32)


@pytest.mark.parametrize("weights", [None, RNG.uniform(0.2, 2, 64).astype(np.float32)], ids=["plain", "weights"])
def test_masked_places_do_not_count(weights: Any) -> None:
    results = []
    for loss, metric in (("mse", "mse"), ({"Compute": SQUARES}, {"Compute": SQUARES, "name": "mse"})):
        made = Model([nn.Embedding(6, 5, mask_zero=True), nn.Dense(4)], seed=2)
        made.compile(loss, {"SGD": 0.1}, [metric])
        history = made.fit(TOKENS, TAGS, epochs=2, batch_size=20, sample_weight=weights, shuffle=False)
        measured = made.evaluate(TOKENS, TAGS, batch_size=64, sample_weight=weights)
        results.append(
            {"train": [record["train"] for record in history], "measured": measured, "state": made.state_dict()}
        )
    assert_same(results[1], results[0])


def test_a_mask_is_dropped_where_the_places_are_gone() -> None:
    """The mean over three places has three features: they are no places, though they are as many."""
    made = Model([nn.Embedding(6, 3, mask_zero=True)], seed=2)
    made.compile(
        {"Compute": "mean(mean(output, axis=1) ** 2)"}, "SGD", [{"Compute": "mean(output, axis=1)", "name": "m"}]
    )
    measured = made.evaluate(TOKENS, {"unused": TAGS}, batch_size=64)
    means = made(TOKENS).numpy().mean(axis=1)
    assert measured["loss"] == pytest.approx(np.mean(means**2), rel=1e-5)
    assert measured["m"] == pytest.approx(means.mean(), rel=1e-5)


def test_a_value_of_the_whole_batch_is_not_taken_of_rows_that_fill_it_up() -> None:
    """The root of the mean square of each batch, each as often as it has rows: 16, 16, 16 and 2."""
    root = "sqrt(mean((output - target) ** 2))"
    made = dense({"Compute": root}, [{"Compute": root, "name": "root"}])
    measured = made.evaluate(X, Y, batch_size=16)
    squares = (made(X).numpy() - Y) ** 2
    parts = np.split(squares, [16, 32, 48])
    expected = sum(len(part) * np.sqrt(part.mean()) for part in parts) / ROWS
    assert measured == pytest.approx({"loss": expected, "root": expected}, rel=1e-6)
    (record,) = made.fit(X, Y, batch_size=16, shuffle=False)
    assert set(record["train"]) == {"loss", "root"}


@pytest.mark.slow
@pytest.mark.parametrize("execution", ["graph", "xla"])
def test_compiled_loops_compute_what_python_does(execution: str) -> None:
    settings = {"loss": {"Compute": CROSS}, "metrics": [{"Compute": "sqrt(mean(output ** 2))", "name": "root"}]}
    expected = trained(settings["loss"], LABELS, settings["metrics"], WEIGHTS, execution="eager")
    found = trained(settings["loss"], LABELS, settings["metrics"], WEIGHTS, execution=execution)
    assert_same(found, expected, rel=1e-5)


@pytest.mark.parametrize(
    ("loss", "metrics", "message"),
    [
        ({"Compute": "mean(outptu)"}, (), "loss.Compute: there is nothing called 'outptu'; did you mean 'output'?"),
        ({"Compute": "mean(output @ target)"}, (), r"loss.Compute: in 'output @ target'"),
        (
            {"Compute": "mean(argmax(output))"},
            (),
            "a loss is a floating-point number, got int32, which has no gradient",
        ),
        ({"Compute": "mean(target)"}, (), r"the loss reads no output \(there is 'output'\): nothing could be learnt"),
        ("mse", [{"Compute": "mean(nothing)", "name": "a"}], "metrics.0.Compute: there is nothing called 'nothing'"),
    ],
)
def test_what_cannot_be_computed_is_told_before_anything_runs(loss: Any, metrics: Any, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        dense(loss, metrics).fit(X, Y)


def test_class_weights_are_for_a_built_in_loss() -> None:
    with pytest.raises(UsageError, match="class_weight is for one loss that tells classes apart, got Compute"):
        dense({"Compute": CROSS}).fit(X, LABELS, class_weight={0: 2.0})


def test_rows_and_meters_by_themselves() -> None:
    computed = {"Compute": "2 * mean(a) - 1"}
    heads = TrainSpec.parse({"epochs": 1, "loss": computed, "metrics": [computed]}).bind(["a"], [])
    values = RNG.normal(size=(6, 2)).astype(np.float32)
    weights = RNG.random(6).astype(np.float32)
    loss, metric = heads.computed
    rows = computed_rows(loss, {"a": tf.constant(values)}, {}, None, {})
    np.testing.assert_allclose(rows, 2 * values.mean(axis=1) - 1, rtol=1e-6)
    meter = ComputedMeter(metric)
    for part in (slice(0, 4), slice(4, 6)):
        meter.update_state({"a": tf.constant(values[part])}, {}, tf.constant(weights[part]), {})
    assert meter.result() == pytest.approx(2 * np.average(values.mean(axis=1), weights=weights) - 1)
    assert len(meter.variables) == 4
    meter.reset_state()
    assert meter.result() == 0
