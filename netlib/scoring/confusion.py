"""Which class was taken for which."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def confusion_matrix(targets: Array, predicted: Array, classes: int, weights: Array | None = None) -> Array:
    """How many samples of each class (row) were predicted as each class (column): int64, with weights their float64 sums.

    Args:
        targets: the class of each sample, an integer from 0, of any shape.
        predicted: what it was predicted as, in the same shape.
        classes: how many there are.
        weights: of each sample, in the same shape.

    Raises:
        ValueError: the shapes differ, or a class is not from 0 to `classes` - 1.
    """
    if targets.shape != predicted.shape or (weights is not None and weights.shape != targets.shape):
        shapes = [each.shape for each in (targets, predicted, weights) if each is not None]
        raise ValueError(f"targets, predictions and weights must have one shape, got {shapes}")
    for name, values in (("target", targets), ("prediction", predicted)):
        if values.size and (values.min() < 0 or values.max() >= classes):
            raise ValueError(f"every {name} must be from 0 to {classes - 1}, got {values.min()} to {values.max()}")
    cells = targets.ravel().astype(np.int64) * classes + predicted.ravel()
    counts = np.bincount(cells, None if weights is None else weights.ravel(), minlength=classes * classes)
    return counts.reshape(classes, classes)


class Confused(NamedTuple):
    """A class that is taken for another: how often, and for which share of the first."""

    target: int
    predicted: int
    samples: float
    share: float


def most_confused(matrix: Array, most: int) -> list[Confused]:
    """The pairs of classes that are confused most often, at most so many; of equal ones the first."""
    wrong = matrix.astype(np.float64)
    np.fill_diagonal(wrong, 0)
    totals = matrix.sum(axis=1)
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    pairs = zip(*np.unravel_index(order, wrong.shape), strict=True)
    return [
        Confused(int(a), int(b), matrix[a, b].item(), float(wrong[a, b] / totals[a])) for a, b in pairs if wrong[a, b]
    ]
