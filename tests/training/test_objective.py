from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib.spec.training import TrainSpec
from netlib.training.objective import Objective

RANDOM = np.random.default_rng(1)
ROWS = 6
WEIGHTS = RANDOM.random(ROWS).astype(np.float32)


def objective(loss: Any, outputs: list[str], targets: list[str]) -> Objective:
    return Objective(TrainSpec.parse({"epochs": 1, "loss": loss}).bind(outputs, targets))


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    shares = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    return -np.log(np.take_along_axis(shares, labels[..., None], axis=-1)[..., 0])  # type: ignore[no-any-return]


def test_one_loss_of_each_row() -> None:
    logits, labels = RANDOM.normal(size=(ROWS, 3)).astype(np.float32), RANDOM.integers(0, 3, ROWS)
    one = objective("sparse_categorical_crossentropy", ["output"], ["target"])
    rows = one.rows({"output": tf.constant(logits)}, {"target": tf.constant(labels)})
    assert one.columns == ("loss",)
    np.testing.assert_allclose(rows, [cross_entropy(logits, labels)], rtol=1e-5)


def test_the_loss_of_a_row_is_the_mean_over_its_other_axes() -> None:
    logits, labels = RANDOM.normal(size=(ROWS, 4, 3)).astype(np.float32), RANDOM.integers(0, 3, (ROWS, 4))
    one = objective("sparse_categorical_crossentropy", ["output"], ["target"])
    rows = one.rows({"output": tf.constant(logits)}, {"target": tf.constant(labels)})
    np.testing.assert_allclose(rows, [cross_entropy(logits, labels).mean(axis=1)], rtol=1e-5)


def test_several_losses_are_joined_by_their_weights() -> None:
    a, b = RANDOM.normal(size=(2, ROWS, 2)).astype(np.float32)
    loss = {"left": {"mse": None, "of": "a", "weight": 0.5}, "right": {"mae": None, "of": "b", "weight": 3}}
    several = objective(loss, ["a", "b"], ["target"])
    outputs, targets = {"a": tf.constant(a), "b": tf.constant(b)}, {"target": tf.zeros([ROWS, 2])}
    left, right = (a**2).mean(axis=1), np.abs(b).mean(axis=1)
    assert several.columns == ("loss", "left_loss", "right_loss")
    np.testing.assert_allclose(several.rows(outputs, targets), [0.5 * left + 3 * right, left, right], rtol=1e-5)

    means, total = several.mean(outputs, targets, tf.constant(WEIGHTS), ROWS)
    expected = [np.average(values, weights=WEIGHTS) for values in (0.5 * left + 3 * right, left, right)]
    np.testing.assert_allclose(means, expected, rtol=1e-5)
    assert float(total) == pytest.approx(WEIGHTS.sum())


def test_without_weights_all_rows_count_the_same() -> None:
    one = objective("mse", ["output"], ["target"])
    output = RANDOM.normal(size=(ROWS, 1)).astype(np.float32)
    means, total = one.mean({"output": tf.constant(output)}, {"target": tf.zeros([ROWS])}, None, ROWS)
    np.testing.assert_allclose(means, [np.mean(output**2)], rtol=1e-6)
    assert float(total) == ROWS


def test_without_terms_the_loss_of_each_row_is_nothing() -> None:
    none = Objective(TrainSpec.parse({"epochs": 1}).bind(["output"], []))
    assert (none.columns, none.terms) == (("loss",), ())
    assert none.rows({"output": tf.ones([ROWS, 2])}, {}).numpy().tolist() == [[0.0] * ROWS]
    means, total = none.mean({"output": tf.ones([ROWS, 2])}, {}, tf.constant(WEIGHTS), ROWS)
    assert means.numpy().tolist() == [0.0]
    assert float(total) == pytest.approx(WEIGHTS.sum())


def test_rows_without_weight_give_zero_and_not_nan() -> None:
    one = objective("mse", ["output"], ["target"])
    means, total = one.mean({"output": tf.ones([ROWS, 1])}, {"target": tf.zeros([ROWS])}, tf.zeros([ROWS]), ROWS)
    assert (means.numpy().tolist(), float(total)) == ([0.0], 0.0)
