"""Mixing of batches, against closed forms and by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib.data.arrays import Arrays
from netlib.nn.keras_objects import make
from netlib.nn.random import forward_pass
from netlib.spec.errors import SpecError
from netlib.spec.mixing import CutMix, MixUp
from netlib.spec.tensors import TensorSpec
from netlib.spec.training import TrainSpec
from netlib.training import mixing
from netlib.training.meters import Meters
from netlib.training.mixing import Mixing, beta, mean_loss, network_inputs, partners, rectangle
from netlib.training.model import Model
from netlib.training.objective import Objective
from netlib.training.setup import heads_of
from netlib.training.step import TrainStep

ROWS = 24
IMAGE = TensorSpec((None, 6, 7, 2))
NODES = [{"Flatten": None}, {"Dense": {"units": 5, "activation": "tanh"}}, {"Dense": 3}]


def pictures(rows: int = ROWS, *, one_hot: bool = False, weighted: bool = False) -> Arrays:
    random = np.random.default_rng(2)
    labels = random.integers(0, 3, rows).astype(np.int32)
    target = np.eye(3, dtype=np.float32)[labels] if one_hot else labels
    weights = random.integers(0, 3, rows).astype(np.float32) if weighted else None
    return Arrays({"input": random.normal(size=(rows, 6, 7, 2)).astype(np.float32)}, {"target": target}, weights)


def batch_of(data: Arrays) -> dict[str, Any]:
    return {
        "inputs": {name: tf.constant(array) for name, array in data.inputs.items()},
        "targets": {name: tf.constant(array) for name, array in data.targets.items()},
        "weights": None if data.weights is None else tf.constant(data.weights),
    }


def at_step(step: int, draw: Callable[[], Any]) -> Any:
    with forward_pass(7, step):
        return draw()


# What is drawn.


def test_a_permutation_that_differs_from_step_to_step() -> None:
    orders = np.stack([at_step(step, lambda: partners(9)) for step in range(400)])
    np.testing.assert_array_equal(np.sort(orders, axis=1), np.tile(np.arange(9), (400, 1)))
    share = np.stack([(orders == row).mean(axis=0) for row in range(9)])
    assert np.abs(share - 1 / 9).max() < 5 * np.sqrt(1 / 9 * 8 / 9 / 400)
    np.testing.assert_array_equal(at_step(3, lambda: partners(9)), orders[3])


def test_rows_without_weight_are_mixed_with_nothing() -> None:
    weights = tf.constant([1.0, 0, 2, 0, 0.5, 1, 0])
    real, idle = [0, 2, 4, 5], [1, 3, 6]
    orders = np.stack([at_step(step, lambda: partners(7, weights)) for step in range(300)])
    np.testing.assert_array_equal(orders[:, idle], np.tile(idle, (300, 1)))
    np.testing.assert_array_equal(np.sort(orders[:, real], axis=1), np.tile(real, (300, 1)))
    assert len(np.unique(orders, axis=0)) == 24  # all permutations of four


def shares(alpha: float, count: int) -> np.ndarray:
    @tf.function(jit_compile=True, autograph=False)
    def draw(step: tf.Tensor) -> tf.Tensor:
        with forward_pass(7, step):
            return beta(alpha)

    return np.array([draw(tf.constant(step)).numpy() for step in range(count)])


@pytest.mark.parametrize("alpha", [0.05, 0.2, 1.0, 3.0, 50.0])
def test_the_share_is_a_beta_variable(alpha: float) -> None:
    drawn = np.sort(shares(alpha, 1500).astype(np.float64))
    assert drawn[0] >= 0
    assert drawn[-1] <= 1
    variance = 1 / (4 * (2 * alpha + 1))
    assert abs(drawn.mean() - 0.5) < 5 * np.sqrt(variance / len(drawn))
    assert abs(drawn.var() / variance - 1) < 0.15
    # Kolmogorov and Smirnov: two samples of this size are nearer to each other with a probability of 0.9999.
    reference = np.sort(np.random.default_rng(5).beta(alpha, alpha, 200_000))
    ranks = np.searchsorted(reference, drawn, side="right") / len(reference)
    steps = np.arange(1, len(drawn) + 1) / len(drawn)
    inner = (drawn > 1e-6) & (drawn < 1 - 1e-6)  # nearer to the ends float32 has fewer numbers
    assert np.abs(ranks - steps)[inner].max() < 2.23 / np.sqrt(len(drawn))


@pytest.mark.parametrize("alpha", [0.001, 1000.0])
def test_a_share_of_an_extreme_distribution_is_a_number(alpha: float) -> None:
    drawn = shares(alpha, 50)
    assert np.isfinite(drawn).all()
    assert (np.abs(drawn - 0.5) > 0.49).mean() > 0.9 if alpha < 1 else np.abs(drawn - 0.5).max() < 0.1


def test_the_same_share_in_every_mode() -> None:
    eager = [float(at_step(step, lambda: beta(0.4))) for step in range(5)]
    graph = tf.function(lambda step: at_step(step, lambda: beta(0.4)), autograph=False)
    np.testing.assert_allclose([graph(tf.constant(step)) for step in range(5)], eager, rtol=1e-6)
    np.testing.assert_allclose(shares(0.4, 5), eager, rtol=1e-6)


def test_a_rectangle_has_its_share_of_the_image() -> None:
    images = tf.zeros((1, 40, 60, 1))
    whole = 0
    for step in range(200):
        inside, left = at_step(step, lambda: rectangle(tf.constant(0.75), images))
        places = inside.numpy()[0, :, :, 0]
        rows, columns = places.any(axis=1), places.any(axis=0)
        np.testing.assert_array_equal(places, rows[:, None] & columns[None, :])
        assert float(left) == pytest.approx(1 - places.mean(), abs=1e-6)
        assert rows.sum() <= 20
        assert columns.sum() <= 30
        whole += rows.sum() == 20 and columns.sum() == 30
    assert 20 < whole < 90  # a quarter of the middles are that far from every edge


# What is mixed.


@pytest.mark.parametrize("spec", [MixUp(alpha=1.0), CutMix(alpha=1.0)], ids=["mixup", "cutmix"])
def test_a_sample_is_mixed_with_its_partner(spec: Any) -> None:
    batch = batch_of(pictures(weighted=True))
    mixed = Mixing(spec, {"input": IMAGE}, 7)(batch, ROWS, tf.constant(4))["mixed"]
    order = at_step(4, lambda: partners(ROWS, batch["weights"])).numpy()
    share = mixed["share"].numpy()
    assert share.shape == (ROWS,)
    assert (share == share[0]).all()
    x = batch["inputs"]["input"].numpy()
    given = mixed["inputs"]["input"].numpy()
    if isinstance(spec, MixUp):
        np.testing.assert_allclose(given, share[0] * x + (1 - share[0]) * x[order], atol=1e-6)
    else:
        of_other = (given != x).any(axis=(0, 3))
        np.testing.assert_array_equal(given, np.where(of_other[None, :, :, None], x[order], x))
        assert share[0] == pytest.approx(1 - of_other.mean(), abs=1e-6)
    np.testing.assert_array_equal(mixed["targets"]["target"], batch["targets"]["target"].numpy()[order])
    np.testing.assert_array_equal(mixed["targets"]["input.input"], x[order])
    np.testing.assert_array_equal(mixed["weights"], batch["weights"].numpy()[order])


def test_every_input_of_numbers_is_mixed_alike() -> None:
    batch = {"inputs": {"a": tf.eye(6), "b": tf.range(6.0)[:, None]}, "targets": {}, "weights": None}
    tensors = {"a": TensorSpec((None, 6)), "b": TensorSpec((None, 1))}
    given = network_inputs(Mixing(MixUp(alpha=1.0), tensors, 7)(batch, 6, tf.constant(1)))
    np.testing.assert_allclose(given["a"] @ tf.range(6.0)[:, None], given["b"], atol=1e-5)


def test_what_cannot_be_mixed_is_refused() -> None:
    with pytest.raises(SpecError, match=r"MixUp takes means of samples, and input 'tokens' has int32"):
        Mixing(MixUp.parse({}), {"tokens": TensorSpec((None, 8), "int32")}, 7)


# The step.


def make_step(data: Arrays, mix: Any, batch_size: int = ROWS, loss: str = "", **settings: Any) -> TrainStep:
    model = Model(NODES, seed=5)
    model.ensure_built(IMAGE)
    one_hot = data.targets["target"].ndim > 1
    loss = loss or ("categorical_crossentropy" if one_hot else "sparse_categorical_crossentropy")
    train = TrainSpec.parse({"epochs": 1, "loss": loss, "optimizer": {"SGD": 0.5}, **settings})
    heads = heads_of(model, train, data)
    optimizer = make(train.optimizer)
    optimizer.build(model.trainable_variables)
    meters = Meters(heads, model.graph.output_tensors())
    made = Mixing(mix, {"input": IMAGE}, 5) if mix else None
    return TrainStep(model, Objective(heads), optimizer, meters, batch_size, train.accumulate, None, 5, mixing=made)


def crossentropy(logits: tf.Tensor, labels: Any) -> tf.Tensor:
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)


@pytest.mark.parametrize("batch_size", [ROWS, 10], ids=["whole", "micro-batches"])
@pytest.mark.parametrize("weighted", [False, True], ids=["even", "weighted"])
@pytest.mark.parametrize("one_hot", [False, True], ids=["sparse", "one-hot"])
@pytest.mark.parametrize("spec", [MixUp(alpha=1.0), CutMix(alpha=1.0)], ids=["mixup", "cutmix"])
def test_loss_and_gradient_are_those_of_samples_mixed_by_hand(
    spec: Any, one_hot: bool, weighted: bool, batch_size: int
) -> None:
    data = pictures(one_hot=one_hot, weighted=weighted)
    step = make_step(data, spec, batch_size, accumulate=3)
    batch = batch_of(data)
    mixed = Mixing(spec, {"input": IMAGE}, 5)(batch, ROWS, tf.constant(9, tf.int64))["mixed"]
    share = float(mixed["share"][0])
    labels, others = (np.asarray(each["target"]) for each in (batch["targets"], mixed["targets"]))
    labels, others = (each.argmax(axis=1) if one_hot else each for each in (labels, others))
    own, other = (np.ones(ROWS, np.float32) if each["weights"] is None else each["weights"] for each in (batch, mixed))
    variables = step.model.trainable_variables
    with tf.GradientTape() as tape:
        logits = step.model.forward(mixed["inputs"], training=True)
        logits = logits if isinstance(logits, tf.Tensor) else next(iter(logits.values()))
        values = share * own * crossentropy(logits, labels) + (1 - share) * other * crossentropy(logits, others)
        loss = tf.reduce_sum(values) / tf.reduce_sum(own)
    before = [variable.numpy() for variable in variables]
    gradients = tape.gradient(loss, variables)

    facts = dict(zip(step.facts, step(batch, ROWS, tf.constant(9, tf.int64)).numpy(), strict=True))
    assert facts["loss"] == pytest.approx(float(loss), rel=1e-5)
    assert facts["weight"] == pytest.approx(float(np.sum(own)), rel=1e-5)
    for variable, old, gradient in zip(variables, before, gradients, strict=True):
        np.testing.assert_allclose(variable, old - 0.5 * gradient, atol=1e-6)


@pytest.mark.parametrize("spec", [MixUp.parse({}), CutMix.parse({})], ids=["mixup", "cutmix"])
def test_a_share_of_one_is_the_plain_step(spec: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mixing, "beta", lambda alpha: tf.constant(1.0))
    data = pictures(weighted=True)
    plain, mixed = make_step(data, None), make_step(data, spec)
    for number in range(3):
        facts = [step(batch_of(data), ROWS, tf.constant(number, tf.int64)) for step in (plain, mixed)]
        np.testing.assert_allclose(facts[1], facts[0], rtol=1e-6)
    for one, two in zip(plain.model.variables, mixed.model.variables, strict=True):
        np.testing.assert_allclose(two, one, atol=1e-6)


def test_metrics_of_training_are_those_of_a_samples_own_target() -> None:
    data = pictures()
    step = make_step(data, MixUp(alpha=1.0), metrics=["accuracy"])
    batch = batch_of(data)
    given = network_inputs(Mixing(MixUp(alpha=1.0), {"input": IMAGE}, 5)(batch, ROWS, tf.constant(2, tf.int64)))
    logits = next(iter(tf.nest.flatten(step.model.forward(given, training=True))))
    expected = np.mean(np.argmax(logits, axis=1) == data.targets["target"])
    step(batch, ROWS, tf.constant(2, tf.int64))
    assert step.meters.results()["accuracy"] == pytest.approx(expected)


def test_without_mixing_the_mean_is_the_objectives() -> None:
    data = pictures()
    step = make_step(data, None)
    outputs = dict.fromkeys(step.model.graph.outputs, tf.zeros((ROWS, 3)))
    batch = batch_of(data)
    targets = batch["targets"]
    both = [
        mean_loss(step.objective, outputs, targets, batch, ROWS, {}),
        step.objective.mean(outputs, targets, None, ROWS, {}),
    ]
    for one, other in zip(*both, strict=True):
        np.testing.assert_array_equal(one, other)


# The training.


@pytest.mark.parametrize("mix", ["mixup", {"CutMix": 0.8}], ids=["mixup", "cutmix"])
@pytest.mark.slow
def test_it_trains_alike_in_all_modes(mix: Any) -> None:
    data = pictures(50)
    histories = []
    for execution in ("eager", "graph", "xla"):
        model = Model(NODES, seed=5)
        model.compile(
            "sparse_categorical_crossentropy", {"SGD": 0.1}, ["accuracy"], mix=mix, accumulate=2, execution=execution
        )
        history = model.fit(data.inputs, data.targets, epochs=3, batch_size=8, verbose=False)
        histories.append(history["train.loss"])
    np.testing.assert_allclose(histories[1], histories[0], rtol=1e-4)
    np.testing.assert_allclose(histories[2], histories[0], rtol=1e-4)
