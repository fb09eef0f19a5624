"""How bad an answer is, place by place: losses of a config, as they are of probabilities and numbers, without TensorFlow.

A loss gives [places] of targets and what was predicted, both [places, units]; targets that are classes are [places] of numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal, NamedTuple

import numpy as np

from netlib.scoring.confusion import Array
from netlib.spec import losses as spec

Kind = Literal["classes", "flags", "values"]
"""What an output tells: one class among several, yes or no for each of several flags, or numbers."""
_TINY = 1e-38
"""Probabilities below are taken for this one: the logarithm stays finite."""


class Measure(NamedTuple):
    """What mistakes are ordered by: what it is called, and the loss."""

    name: str
    loss: Callable[[Array, Array], Array]


def measure_of(loss: spec.LossSpec, kind: Kind) -> Measure:
    """The loss itself where it is known here, else the cross-entropy of probabilities, and the absolute error of numbers."""
    own = _own(loss, kind)
    if own is not None:
        return Measure(loss.type_name(), own)
    if kind == "values":
        return Measure("absolute error", absolute_error)
    return Measure("cross-entropy", cross_entropy if kind == "classes" else binary_cross_entropy)


def _own(loss: spec.LossSpec, kind: Kind) -> Callable[[Array, Array], Array] | None:
    match loss:
        case spec.SparseCategoricalCrossentropy():
            return cross_entropy
        case spec.CategoricalCrossentropy():
            return partial(cross_entropy, smoothing=loss.label_smoothing)
        case spec.BinaryCrossentropy():
            of_kind = cross_entropy if kind == "classes" else binary_cross_entropy
            return partial(of_kind, smoothing=loss.label_smoothing)
        case spec.MeanSquaredError():
            return squared_error
        case spec.MeanAbsoluteError():
            return absolute_error
        case spec.Huber():
            return partial(huber, delta=loss.delta)
        case _:
            return None


def cross_entropy(targets: Array, likely: Array, smoothing: float = 0.0) -> Array:
    """Of one class among several: numbers of classes, or the share of each; of the latter so much is spread evenly."""
    bad = -np.log(np.maximum(likely, _TINY))
    truth = np.take_along_axis(bad, targets[:, None], 1)[:, 0] if targets.ndim == 1 else (targets * bad).sum(axis=1)
    found: Array = (1 - smoothing) * truth + smoothing * bad.mean(axis=1)
    return found


def binary_cross_entropy(targets: Array, likely: Array, smoothing: float = 0.0) -> Array:
    """Of yes and no, each unit by itself; of the targets so much is moved to one half."""
    yes = targets * (1 - smoothing) + smoothing / 2
    bad = yes * np.log(np.maximum(likely, _TINY)) + (1 - yes) * np.log(np.maximum(1 - likely, _TINY))
    found: Array = -bad.mean(axis=1)
    return found


def squared_error(targets: Array, predicted: Array) -> Array:
    """The mean of the squares."""
    found: Array = ((predicted - targets) ** 2).mean(axis=1)
    return found


def absolute_error(targets: Array, predicted: Array) -> Array:
    """The mean of the absolute errors."""
    found: Array = np.abs(predicted - targets).mean(axis=1)
    return found


def huber(targets: Array, predicted: Array, delta: float) -> Array:
    """Half the square where the error is at most `delta`, linear beyond (Huber, 1964)."""
    errors = np.abs(predicted - targets)
    found: Array = np.where(errors <= delta, errors**2 / 2, delta * errors - delta**2 / 2).mean(axis=1)
    return found
