from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib.spec.errors import SpecError
from netlib.training.heads import encoded, linked

LOGITS = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)


def test_links() -> None:
    exponentials = np.exp(LOGITS)
    np.testing.assert_allclose(linked(LOGITS, "softmax"), exponentials / exponentials.sum(1, keepdims=True), rtol=1e-5)
    np.testing.assert_allclose(linked(LOGITS, "sigmoid"), 1 / (1 + np.exp(-LOGITS)), rtol=1e-5)
    np.testing.assert_array_equal(linked(LOGITS, None), LOGITS)


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint8])
@pytest.mark.parametrize("column", [False, True])
def test_labels_become_an_index_or_one_hot(dtype: Any, column: bool) -> None:
    labels = np.array([0, 2, 1, 1, 0], dtype)
    target = tf.constant(labels[:, None] if column else labels)
    index = encoded(target, tf.constant(LOGITS), "class index")
    assert index.dtype == tf.int32
    np.testing.assert_array_equal(index, labels)
    one_hot = encoded(target, tf.constant(LOGITS), "one-hot")
    assert one_hot.dtype == tf.float32
    np.testing.assert_array_equal(one_hot, np.eye(3)[labels])


def test_labels_of_sequences_become_one_hot() -> None:
    labels = np.array([[0, 1], [2, 2]])
    np.testing.assert_array_equal(encoded(tf.constant(labels), tf.zeros([2, 2, 3]), "one-hot"), np.eye(3)[labels])


@pytest.mark.parametrize("target", [np.array([0, 1, 1]), np.array([[0], [1], [1]]), np.array([0.0, 1.0, 1.0])])
def test_a_target_takes_the_form_of_one_unit(target: np.ndarray) -> None:
    for wants in ("like output", "one-hot"):
        result = encoded(tf.constant(target), tf.zeros([3, 1]), wants)  # type: ignore[arg-type]
        assert result.dtype == tf.float32
        np.testing.assert_array_equal(result, [[0], [1], [1]])


def test_one_hot_targets_stay() -> None:
    target = np.eye(3, dtype=np.int32)
    np.testing.assert_array_equal(encoded(tf.constant(target), tf.zeros([3, 3]), "one-hot"), target)


def test_what_cannot_be_brought_into_form_is_an_error() -> None:
    message = (
        r"needs the index of a class, an integer of shape \(5\): the output is \(5, 3\), the target \(5, 3\) float32"
    )
    with pytest.raises(SpecError, match=message.replace("(5)", "(.*)")):
        encoded(tf.zeros([5, 3]), tf.zeros([5, 3]), "class index")
    with pytest.raises(SpecError, match="needs a target of the output's shape"):
        encoded(tf.zeros([5, 2]), tf.zeros([5, 3]), "like output")
