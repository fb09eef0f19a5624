from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib.spec.errors import UsageError
from netlib.spec.tensors import TensorSpec
from netlib.training.model import Model
from netlib.training.samples import as_read, inputs_of_batch, samples_of, samples_of_batch

MODEL = Model([{"Dense": 1}], name="net")
X = np.ones((3, 2), np.float32)


@pytest.mark.parametrize(
    ("given", "dtype"),
    [
        (np.ones(2, np.float64), "float32"),
        (np.ones(2, np.float16), "float32"),
        (tf.ones(2, tf.bfloat16), "float32"),
        (np.ones(2, np.int64), "int32"),
        (np.ones(2, np.uint8), "int32"),
        (np.ones(2, bool), "int32"),
        ([1, 2], "int32"),
        ([1, 2.5], "float32"),
    ],
)
def test_numbers_are_read_as_float32_or_int32(given: Any, dtype: str) -> None:
    assert samples_of(MODEL, X[:2], given).targets["target"].dtype.name == dtype


@pytest.mark.parametrize(
    ("given", "known", "dtype"),
    [
        (np.ones(2, np.uint8), "float32", "float32"),
        (np.ones(2, np.int64), "uint8", "uint8"),
        (np.ones(2, bool), "bool", "bool"),
        (np.ones(2, np.float64), "int32", "float32"),  # which the network then refuses
    ],
)
def test_inputs_are_read_as_the_network_knows_them(given: Any, known: str, dtype: str) -> None:
    assert as_read(given, TensorSpec((None,), known)).dtype.name == dtype


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (["a", "b", "c"], "target 'target' is an array of str.*, expected numbers of one shape in every row"),
        ([[1], [2, 3], [4]], "target 'target' cannot be made an array: .*; give rows of one shape"),
        (np.array([1, None, 2]), "target 'target' is an array of object"),
        (5, "target 'target' is the single value 5, expected an array whose first axis is the samples"),
        (np.array([0, 2**31, 1]), "integers from 0 to 2147483648 do not fit int32, which the network reads"),
        ([1, 2], "net needs as many targets and weights as inputs: input has 3, target has 2 samples"),
    ],
)
def test_what_is_no_array_of_numbers(y: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        samples_of(MODEL, X, y)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones((3, 2)), r"sample_weight has the shape \(3, 2\), expected one weight for each sample: \(samples,\)"),
        ([1, -1, 1], "sample_weight has -1.0, expected finite numbers that are not negative"),
        ([1, np.nan, 1], "sample_weight has nan, expected finite numbers"),
        ([1, 1], "target has 3, sample_weight has 2 samples"),
    ],
)
def test_weights_that_are_none(weights: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        samples_of(MODEL, X, [1, 2, 3], weights)


def test_weights_in_a_column() -> None:
    weights = samples_of(MODEL, X, [1, 2, 3], np.ones((3, 1))).weights
    assert weights is not None
    assert (weights.shape, weights.dtype.name) == ((3,), "float32")


def test_batches() -> None:
    y = np.ones(3, np.int32)
    assert samples_of_batch(MODEL, X).targets == {}
    assert list(samples_of_batch(MODEL, (X, {"a": y})).targets) == ["a"]
    assert samples_of_batch(MODEL, [X, y, y]).weights is not None
    for batch in (X, (X,), (X, y), [X, y, y]):
        samples = inputs_of_batch(MODEL, batch)
        assert samples.targets == {}
        np.testing.assert_array_equal(samples.inputs["input"], X)
