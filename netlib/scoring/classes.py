"""Precision, recall and F1 of classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from netlib.scoring.confusion import Array


class Means(NamedTuple):
    """Precision, recall and F1 over all classes."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class ClassScores:
    """What is found of each class, float64 [classes]; 0 where nothing was predicted, or is there, to be found.

    Attributes:
        precision: of the samples that were predicted as the class, the share that is of it.
        recall: of the samples of the class, the share that was predicted as it.
        f1: the harmonic mean of both.
        support: the samples of the class, or the sum of their weights.
        predicted: those that were predicted as it.
    """

    precision: Array
    recall: Array
    f1: Array
    support: Array
    predicted: Array

    @classmethod
    def of_matrix(cls, matrix: Array) -> Self:
        """Of `confusion_matrix`."""
        return cls.of_counts(np.diag(matrix), matrix.sum(axis=0), matrix.sum(axis=1))

    @classmethod
    def of_counts(cls, right: Array, predicted: Array, support: Array) -> Self:
        """Of the samples of each class that were predicted as it, all that were, and all that are of it."""
        return cls(
            _share(right, predicted), _share(right, support), _share(2 * right, predicted + support), support, predicted
        )

    @property
    def macro(self) -> Means:
        """The means over the classes that there are or that were predicted, each counted alike."""
        return self._means(((self.support + self.predicted) > 0).astype(np.float64))

    @property
    def weighted(self) -> Means:
        """The means over the classes, weighted by their support."""
        return self._means(self.support.astype(np.float64))

    def _means(self, weights: Array) -> Means:
        total = weights.sum()
        return Means(
            *(float(each @ weights / total) if total else 0.0 for each in (self.precision, self.recall, self.f1))
        )


def _share(part: Array, whole: Array) -> Array:
    return np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)
