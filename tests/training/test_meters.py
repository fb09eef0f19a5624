"""Metrics that see logits in place of probabilities are wrong without an error; counters in float32 stop at 2^24."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib.spec.tensors import TensorSpec
from netlib.spec.training import TrainSpec
from netlib.training.meters import Meters

RANDOM = np.random.default_rng(2)
ROWS, CLASSES = 400, 4
LABELS = RANDOM.integers(0, CLASSES, ROWS)
ONE_HOT = np.eye(CLASSES)[LABELS]
LOGITS = (3 * RANDOM.normal(size=(ROWS, CLASSES)) + 2 * ONE_HOT - 1.5).astype(np.float32)
SHARES = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
YES = (LABELS > 1).astype(np.int32)
SCORE = (2 * RANDOM.normal(size=ROWS) + 2 * YES - 2).astype(np.float32)
WEIGHTS = RANDOM.random(ROWS).astype(np.float32)


def meters(metrics: list[Any], shape: tuple[int | None, ...] = (None, CLASSES), loss: Any = None) -> Meters:
    spec = TrainSpec.parse({"epochs": 1, "loss": loss or "sparse_categorical_crossentropy", "metrics": metrics})
    return Meters(spec.bind(["output"], ["target"]), {"output": TensorSpec(shape)})


def measured(metrics: list[Any], weights: Any = None) -> dict[str, float]:
    """Of the class labels, in two batches."""
    counted = meters(metrics)
    for part in (slice(0, 250), slice(250, ROWS)):
        some = None if weights is None else tf.constant(weights[part])
        counted.update({"output": tf.constant(LOGITS[part])}, {"target": tf.constant(LABELS[part])}, some)
    return counted.results()


def ranked(score: np.ndarray, yes: np.ndarray) -> float:
    """The area under the ROC curve: the share of pairs that are in the right order (Mann and Whitney, 1947)."""
    return float(np.mean(score[yes == 1][:, None] > score[yes == 0][None, :]))


def test_auc_sees_probabilities() -> None:
    found = measured(["AUC", {"AUC": {"num_thresholds": 20_000}, "name": "fine"}])
    by_keras = keras.metrics.AUC()
    by_keras.update_state(ONE_HOT, SHARES)
    assert found["auc"] == pytest.approx(float(by_keras.result()), abs=1e-5)
    assert found["fine"] == pytest.approx(ranked(SHARES.ravel(), ONE_HOT.ravel()), abs=1e-3)
    assert abs(found["fine"] - ranked(LOGITS.ravel(), ONE_HOT.ravel())) > 5e-3


def test_labels_are_one_hot_where_a_metric_needs_it() -> None:
    found = measured(["Precision", "Recall", "f1", {"TopKCategoricalAccuracy": {"k": 2}}, "accuracy"])
    yes = SHARES > 0.5
    hits = (yes & (ONE_HOT == 1)).sum()
    largest = np.eye(CLASSES)[SHARES.argmax(axis=1)]
    f1 = 2 * (largest * ONE_HOT).sum(axis=0) / (largest.sum(axis=0) + ONE_HOT.sum(axis=0))
    two = np.argsort(-SHARES, axis=1)[:, :2]
    assert found == {
        "precision": pytest.approx(hits / yes.sum()),
        "recall": pytest.approx(hits / ROWS),
        "f1": pytest.approx(f1.mean()),
        "top_k_categorical_accuracy": pytest.approx(np.mean((two == LABELS[:, None]).any(axis=1))),
        "accuracy": pytest.approx(np.mean(SHARES.argmax(axis=1) == LABELS)),
    }


def test_samples_count_by_their_weights() -> None:
    found = measured(["accuracy", "Recall"], WEIGHTS)
    right = SHARES.argmax(axis=1) == LABELS
    recalled = SHARES[np.arange(ROWS), LABELS] > 0.5
    assert found["accuracy"] == pytest.approx(np.average(right, weights=WEIGHTS))
    assert found["recall"] == pytest.approx(np.average(recalled, weights=WEIGHTS))


def test_cross_entropy_as_a_metric_sees_the_logits() -> None:
    found = measured([{"SparseCategoricalCrossentropy": {}, "name": "ce"}])
    assert found["ce"] == pytest.approx(-np.log(SHARES[np.arange(ROWS), LABELS]).mean(), rel=1e-5)


@pytest.mark.parametrize("target", [YES, YES[:, None], YES.astype(np.float32)])
def test_heads_of_one_unit(target: np.ndarray) -> None:
    metrics = ["accuracy", "AUC", "Precision", {"f1": {"threshold": 0.5}}]
    counted = meters(metrics, (None, 1), "binary_crossentropy")
    counted.update({"output": tf.constant(SCORE[:, None])}, {"target": tf.constant(target)}, None)
    found, answer = counted.results(), SCORE > 0
    precision, recall = YES[answer].mean(), answer[YES == 1].mean()
    assert found["accuracy"] == pytest.approx(np.mean(answer == YES))
    assert found["precision"] == pytest.approx(precision)
    assert found["f1"] == pytest.approx(2 * precision * recall / (precision + recall))
    assert found["auc"] == pytest.approx(ranked(SCORE, YES), abs=2e-3)


@pytest.mark.parametrize("length", [3, 5])
def test_sequences_are_weighted_by_sample(length: int) -> None:
    """With as many samples as steps, weights that met the wrong axis would not even fail."""
    rows = 5
    logits, labels = (
        LOGITS[: rows * length].reshape(rows, length, CLASSES),
        LABELS[: rows * length].reshape(rows, length),
    )
    counted = meters(["accuracy", "Recall", "AUC"], (None, length, CLASSES))
    counted.update({"output": tf.constant(logits)}, {"target": tf.constant(labels)}, tf.constant(WEIGHTS[:rows]))
    each = np.repeat(WEIGHTS[:rows], length)
    flat = meters(["accuracy", "Recall", "AUC"])
    outputs = {"output": tf.constant(logits.reshape(-1, CLASSES))}
    flat.update(outputs, {"target": tf.constant(labels.ravel())}, tf.constant(each))
    right = logits.argmax(axis=-1).ravel() == labels.ravel()
    assert counted.results()["accuracy"] == pytest.approx(np.average(right, weights=each))
    assert counted.results() == pytest.approx(flat.results())


def test_counters_go_on_beyond_what_float32_can_count() -> None:
    counted = meters(["accuracy", "Precision", "f1"])
    variables = counted.named_variables()
    for variable in variables.values():
        assert variable.dtype == tf.float64
        variable.assign(tf.fill(variable.shape, tf.constant(2.0**24, tf.float64)))
    counted.update({"output": tf.constant([[9.0, 0, 0, 0]])}, {"target": tf.constant([0])}, None)
    assert float(variables["accuracy.0.total"]) == 2**24 + 1
    assert float(variables["accuracy.1.count"]) == 2**24 + 1
    assert variables["precision.0.true_positives"].numpy().tolist() == [2**24 + 1]
    assert variables["f1.0.true_positives"].numpy().tolist() == [2**24 + 1, 2**24, 2**24, 2**24]


@pytest.mark.parametrize(
    "metric", ["f1", "R2Score", {"AUC": {"multi_label": True}, "name": "each"}, "Precision", "mse"]
)
def test_all_counters_are_there_before_the_first_batch(metric: Any) -> None:
    """A checkpoint holds the counters that are known when the training is made."""
    loss = "mse" if metric in ("R2Score", "mse") else "binary_crossentropy"
    counted = meters([metric], loss=loss)
    before = set(counted.named_variables())
    assert before
    counted.update({"output": tf.constant(LOGITS)}, {"target": tf.constant(ONE_HOT)}, None)
    assert set(counted.named_variables()) == before


def test_reset_begins_anew() -> None:
    counted = meters(["accuracy", "f1"])
    for labels, accuracy in ((LABELS, np.mean(SHARES.argmax(axis=1) == LABELS)), (SHARES.argmax(axis=1), 1.0)):
        counted.reset()
        counted.update({"output": tf.constant(LOGITS)}, {"target": tf.constant(labels)}, None)
        assert counted.results()["accuracy"] == pytest.approx(accuracy)
    assert counted.results()["f1"] == pytest.approx(1.0)
