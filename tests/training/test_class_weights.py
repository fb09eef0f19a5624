from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from netlib.data.arrays import Arrays
from netlib.spec.errors import UsageError
from netlib.spec.tensors import TensorSpec
from netlib.spec.training import TrainSpec
from netlib.training.class_weights import ClassWeights

WEIGHTS = {0: 1.0, 1: 5.0}


def weights(loss: Any, units: int, given: Any = None) -> ClassWeights:
    heads = TrainSpec.parse({"epochs": 1, "loss": loss}).bind(["out"], ["y"], ["x"])
    return ClassWeights(WEIGHTS if given is None else given, heads, {"out": TensorSpec((None, units))})


def samples(y: Any, by_sample: Any = None) -> Arrays:
    return Arrays({"x": np.zeros((len(y), 2))}, {"y": np.array(y)}, by_sample)


@pytest.mark.parametrize(
    ("loss", "units", "y"),
    [
        ("sparse_categorical_crossentropy", 3, [0, 1, 2, 1]),
        ("sparse_categorical_crossentropy", 3, [[0], [1], [2], [1]]),
        ("categorical_crossentropy", 3, [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0]]),
        ("categorical_crossentropy", 3, [0, 1, 2, 1]),
        ("categorical_crossentropy", 3, [[1.0, 0, 0], [0.2, 0.7, 0.1], [0, 0, 1], [0, 1, 0]]),
        ("binary_crossentropy", 1, [0, 1, 0, 1]),
        ("binary_crossentropy", 1, [[0.0], [1.0], [0.0], [1.0]]),
        ("hinge", 1, [0, 1, 0, 1]),
    ],
)
def test_samples_weigh_as_their_class(loss: str, units: int, y: Any) -> None:
    found = weights(loss, units).apply(samples(y)).weights
    assert found is not None
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, [1, 5, 1, 5])
    again = weights(loss, units).apply(samples(y, np.array([2, 2, 0, 1], np.float32))).weights
    np.testing.assert_array_equal(again, [2, 10, 0, 5])


@pytest.mark.parametrize(
    ("loss", "units", "given", "message"),
    [
        (
            "mse",
            1,
            WEIGHTS,
            "class_weight is for one loss that tells classes apart, got MeanSquaredError; use sample_weight",
        ),
        ({"a": "mse", "b": "hinge"}, 1, WEIGHTS, "got MeanSquaredError, Hinge; use sample_weight"),
        ("hinge", 1, {2: 1.0}, "class_weight has the class 2, but the classes are 0 to 1: output 'out' has 1 unit$"),
        (
            "categorical_crossentropy",
            3,
            {"a": 1.0},
            "the class 'a', but the classes are 0 to 2: output 'out' has 3 units",
        ),
        ("categorical_crossentropy", 3, {-1: 1.0}, "the class -1"),
        ("categorical_crossentropy", 3, {0.5: 1.0}, "the class 0.5"),
        (
            "categorical_crossentropy",
            3,
            {0: -1},
            "class_weight of class 0 is -1, expected a number that is not negative",
        ),
        ("categorical_crossentropy", 3, {0: "1"}, "class_weight of class 0 is '1', expected a number"),
        ("categorical_crossentropy", 3, {0: float("nan")}, "class_weight of class 0 is nan"),
    ],
)
def test_weights_of_no_class(loss: Any, units: int, given: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        weights(loss, units, given)


@pytest.mark.parametrize(
    ("loss", "units", "y", "message"),
    [
        (
            "binary_crossentropy",
            2,
            [[0, 1], [1, 1]],
            r"needs one class for each sample; target 'y' has the shape \(2, 2\)",
        ),
        ("binary_crossentropy", 1, [0.5, 1.0], "needs classes from 0 to 1, but target 'y' has values from 0.5 to 1.0"),
        (
            "sparse_categorical_crossentropy",
            3,
            [0, 3],
            "needs classes from 0 to 2, but target 'y' has values from 0 to 3",
        ),
    ],
)
def test_targets_without_a_class(loss: str, units: int, y: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        weights(loss, units).apply(samples(y))
