"""Losses place by place, each against that of Keras, which has a value for each sample too."""

from __future__ import annotations

import numpy as np
import pytest

from netlib.scoring.losses import binary_cross_entropy, cross_entropy, measure_of
from netlib.spec import losses as spec

DRAW = np.random.default_rng(0)
LIKELY = DRAW.dirichlet(np.ones(4), 50).astype(np.float32)
SHARES = DRAW.dirichlet(np.ones(4), 50).astype(np.float32)
NUMBERS = DRAW.integers(0, 4, 50)
FLAGS = DRAW.random((50, 4)) < 0.4
VALUES, OTHERS = DRAW.normal(size=(2, 50, 4)).astype(np.float32) * 2

CASES = [
    (spec.SparseCategoricalCrossentropy, {}, "classes", NUMBERS, LIKELY),
    (spec.CategoricalCrossentropy, {"label_smoothing": 0.1}, "classes", SHARES, LIKELY),
    (spec.BinaryCrossentropy, {"label_smoothing": 0.2}, "flags", FLAGS, LIKELY),
    (spec.BinaryCrossentropy, {}, "values", SHARES, LIKELY),
    (spec.MeanSquaredError, {}, "values", VALUES, OTHERS),
    (spec.MeanAbsoluteError, {}, "values", VALUES, OTHERS),
    (spec.Huber, {"delta": 1.5}, "values", VALUES, OTHERS),
]


@pytest.mark.parametrize(("kind_of_loss", "parameters", "kind", "targets", "predicted"), CASES)
def test_it_is_that_of_keras(kind_of_loss, parameters, kind, targets, predicted):
    keras = pytest.importorskip("keras")
    measure = measure_of(kind_of_loss.parse(parameters), kind)
    assert measure.name == kind_of_loss.__name__
    theirs = getattr(keras.losses, measure.name)(**parameters, reduction=None)
    assert measure.loss(targets, predicted) == pytest.approx(np.asarray(theirs(targets, predicted)), rel=1e-4)


def test_one_probability_is_that_of_the_second_of_two_classes():
    keras = pytest.importorskip("keras")
    measure = measure_of(spec.BinaryCrossentropy.parse({"label_smoothing": 0.2}), "classes")
    target, one = FLAGS[:, :1].astype(np.float32), LIKELY[:, :1]
    theirs = keras.losses.BinaryCrossentropy(label_smoothing=0.2, reduction=None)(target, one)
    two = (np.concatenate([1 - each, each], axis=1) for each in (target, one))
    assert measure.loss(*two) == pytest.approx(np.asarray(theirs), rel=1e-4)


@pytest.mark.parametrize(
    ("loss", "kind", "name"),
    [
        (spec.CategoricalFocalCrossentropy, "classes", "cross-entropy"),
        (spec.BinaryFocalCrossentropy, "flags", "cross-entropy"),
        (spec.LogCosh, "values", "absolute error"),
    ],
)
def test_others_are_told_apart_by_what_is_usual(loss, kind, name):
    assert measure_of(loss.parse({}), kind).name == name


def test_an_impossible_truth_has_a_finite_loss():
    sure = np.array([[1.0, 0.0]], np.float32)
    assert np.isfinite(cross_entropy(np.array([1]), sure)).all()
    assert np.isfinite(binary_cross_entropy(np.array([[0, 1]]), sure)).all()
