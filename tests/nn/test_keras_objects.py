from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib.nn.keras_objects import activation, make, make_loss, make_metric
from netlib.spec.choice import parse_choice
from netlib.spec.registry import names

ROWS, UNITS = 64, 4
RNG = np.random.default_rng(7)
INDEX = RNG.integers(0, UNITS, ROWS)
ONE_HOT = np.eye(UNITS, dtype=np.float32)[INDEX]
LOGITS = (RNG.normal(size=(ROWS, UNITS)) + ONE_HOT).astype(np.float32)
PROBABILITIES = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
WEIGHTS = RNG.random(ROWS).astype(np.float32)
CROSS = parse_choice("loss", "sparse_categorical_crossentropy")


def metric(choice: Any, loss: Any = None) -> Any:
    return make_metric(parse_choice("metric", choice), loss, UNITS)  # type: ignore[arg-type]


def test_extra_arguments_reach_keras() -> None:
    spec = parse_choice("initializer", "glorot_uniform")
    np.testing.assert_array_equal(make(spec, seed=3)((2, 3)), keras.initializers.GlorotUniform(seed=3)((2, 3)))


def test_a_schedule_becomes_the_learning_rate() -> None:
    rate = {"ExponentialDecay": {"initial_learning_rate": 1, "decay_steps": 1, "decay_rate": 0.5}}
    optimizer = make(parse_choice("optimizer", {"SGD": {"learning_rate": rate}}))
    variable = tf.Variable(0.0)
    optimizer.build([variable])
    for expected in (-1.0, -1.5, -1.75):
        optimizer.apply([tf.constant(1.0)], [variable])
        assert float(variable) == pytest.approx(expected)


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("name", names("optimizer"))
def test_optimizers_move_plain_variables_in_compiled_loops(name: str, jit: bool) -> None:
    optimizer = make(parse_choice("optimizer", {name: {"learning_rate": 0.1}}))
    variable = tf.Variable([[3.0, -2.0]])
    optimizer.build([variable])

    @tf.function(jit_compile=jit)
    def descend(steps: tf.Tensor) -> None:
        step = tf.constant(0)
        while step < steps:
            optimizer.apply([2.0 * variable], [variable])
            step += 1

    descend(tf.constant(20))
    assert float(tf.reduce_sum(variable**2)) < 3.0**2 + 2.0**2


def test_no_activation_is_the_identity() -> None:
    values = tf.constant([-1.0, 2.0])
    np.testing.assert_array_equal(activation(None)(values), values)


@pytest.mark.parametrize("name", [name for name in names("loss") if name != "Compute"])
def test_losses_are_not_reduced(name: str) -> None:
    spec = parse_choice("loss", name)
    compute = make_loss(spec)  # type: ignore[arg-type]
    values = compute(INDEX if spec.target == "class index" else ONE_HOT, PROBABILITIES)  # type: ignore[attr-defined]
    assert values.shape == (ROWS,)


def test_a_crossentropy_on_logits_is_that_of_their_softmax() -> None:
    expected = -np.log(PROBABILITIES[np.arange(ROWS), INDEX])
    np.testing.assert_allclose(make_loss(CROSS)(INDEX, LOGITS), expected, rtol=1e-5)  # type: ignore[arg-type]


def test_a_crossentropy_as_a_metric_takes_what_its_loss_takes() -> None:
    expected = float(np.mean(-np.log(PROBABILITIES[np.arange(ROWS), INDEX])))
    on_logits = metric("sparse_categorical_crossentropy", CROSS)
    on_logits.update_state(INDEX, LOGITS)
    assert float(on_logits.result()) == pytest.approx(expected, rel=1e-5)
    told = parse_choice("loss", {"SparseCategoricalCrossentropy": {"from_logits": False}})
    on_probabilities = metric("sparse_categorical_crossentropy", told)
    on_probabilities.update_state(INDEX, PROBABILITIES)
    assert float(on_probabilities.result()) == pytest.approx(expected, rel=1e-5)


def test_accuracy_follows_its_loss() -> None:
    counted = metric("accuracy", CROSS)
    counted.update_state(INDEX, LOGITS)
    assert float(counted.result()) == pytest.approx(np.mean(LOGITS.argmax(axis=1) == INDEX))


@pytest.mark.parametrize("loss", [None, "mse"])
def test_accuracy_without_a_loss_that_classifies_is_not_made(loss: str | None) -> None:
    with pytest.raises(ValueError, match="Accuracy needs a loss that classifies"):
        metric("accuracy", parse_choice("loss", loss) if loss else None)


IN_A_LOOP = [name for name in names("metric") if name not in ("Accuracy", "Compute")] + [
    {"AUC": {"multi_label": True}},
    {"F1Score": {"threshold": 0.3}},
]


def targets_of(made: Any) -> Any:
    return INDEX if type(made).__name__.startswith("Sparse") else ONE_HOT


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize(
    "choice", [{"TopKCategoricalAccuracy": 2} if c == "TopKCategoricalAccuracy" else c for c in IN_A_LOOP]
)
def test_metrics_count_in_compiled_loops_as_keras_does(choice: Any, jit: bool) -> None:
    made = metric(choice)
    before = [variable.value for variable in made.variables]
    assert before
    targets, outputs, weights = (tf.constant(array) for array in (targets_of(made), PROBABILITIES, WEIGHTS))

    @tf.function(jit_compile=jit)
    def count() -> None:
        start = tf.constant(0)
        while start < ROWS:
            made.update_state(
                *(array[start : start + 16] for array in (targets, outputs)), sample_weight=weights[start : start + 16]
            )
            start += 16

    count()
    assert [variable.value for variable in made.variables] == before, "all variables must exist before the loop"
    name = type(made).__name__
    parameters = {**parse_choice("metric", choice).to_plain(), **({"average": "macro"} if name == "F1Score" else {})}
    oracle = getattr(keras.metrics, name)(**parameters)
    oracle.update_state(targets, outputs, sample_weight=weights)
    assert float(made.result()) == pytest.approx(float(oracle.result()), rel=2e-5)


@pytest.mark.parametrize(
    ("choice", "counter"), [("binary_accuracy", "count"), ("recall", "true_positives"), ("auc", "true_positives")]
)
def test_counters_do_not_stop_at_two_to_the_24(choice: str, counter: str) -> None:
    made = metric(choice)
    [variable] = [variable for variable in made.variables if variable.name == counter]
    variable.assign(tf.fill(variable.shape, tf.constant(2.0**24, tf.float64)))
    made.update_state(np.ones((1, 1), np.float32), np.ones((1, 1), np.float32))
    assert float(tf.reduce_max(variable.value)) == 2**24 + 1
    assert all(variable.dtype == "float64" for variable in made.variables)
