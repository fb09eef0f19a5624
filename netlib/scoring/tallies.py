"""Classes and flags that are counted window by window: what is kept does not grow with the samples, but for the scores."""

from __future__ import annotations

import numpy as np

from netlib.scoring.classes import ClassScores
from netlib.scoring.confusion import Array, confusion_matrix
from netlib.scoring.curves import Curves, curves

MOST_KEPT = 2**24
"""Scores that are kept for the curves, at most."""


class _Kept:
    """Scores with what is true, for the curves, unless they are too many."""

    def __init__(self) -> None:
        self._parts: list[tuple[Array, Array, Array]] | None = []
        self._count = 0

    def add(self, truth: Array, scores: Array, weights: Array) -> None:
        self._count += scores.size
        if self._count > MOST_KEPT:
            self._parts = None
        if self._parts is not None:
            self._parts.append((truth, scores, weights))

    def curves(self, classes: int) -> list[Curves | None]:
        """Of each class or flag, whose numbers or columns are the truth; none where the scores were not kept."""
        if self._parts is None:
            return []
        if not self._parts:
            return [None] * classes
        truth, scores, weights = (np.concatenate(each) for each in zip(*self._parts, strict=True))
        of_class = (truth == number if truth.ndim == 1 else truth[:, number] for number in range(classes))
        return [curves(each, scores[:, number], weights) for number, each in enumerate(of_class)]


class ClassTally:
    """Counts samples each of which is of one class."""

    def __init__(self, classes: int) -> None:
        self.matrix: Array = np.zeros((classes, classes))
        """Which class was taken for which: weights of samples, [target, predicted]."""
        self._kept = _Kept()

    def add(self, targets: Array, probabilities: Array, weights: Array) -> None:
        """Counts samples: targets [samples], from 0, probabilities [samples, classes], weights [samples]."""
        self.matrix += confusion_matrix(targets, probabilities.argmax(axis=1), len(self.matrix), weights)
        self._kept.add(targets.astype(np.int32), probabilities, weights.astype(np.float32))

    @property
    def scores(self) -> ClassScores:
        """What is found of each class."""
        return ClassScores.of_matrix(self.matrix)

    @property
    def accuracy(self) -> float:
        """The share that was predicted as what it is."""
        total = self.matrix.sum()
        return float(np.trace(self.matrix) / total) if total else float("nan")

    def curves(self) -> list[Curves | None]:
        """Of each class against the rest; none at all where the scores were too many to be kept."""
        return self._kept.curves(len(self.matrix))


class FlagTally:
    """Counts samples that have several flags, each yes or no by itself; yes is predicted where the probability is above 0.5."""

    def __init__(self, flags: int) -> None:
        self._right, self._predicted, self._support = np.zeros((3, flags))
        self._agreed = self._total = 0.0
        self._kept = _Kept()

    def add(self, targets: Array, probabilities: Array, weights: Array) -> None:
        """Counts samples: whether each has each flag [samples, flags], probabilities likewise, weights [samples]."""
        predicted = probabilities > 0.5
        self._right += weights @ (predicted & targets)
        self._predicted += weights @ predicted
        self._support += weights @ targets
        self._agreed += float((weights @ (predicted == targets)).sum())
        self._total += float(weights.sum()) * targets.shape[1]
        self._kept.add(targets, probabilities, weights.astype(np.float32))

    @property
    def scores(self) -> ClassScores:
        """What is found of each flag."""
        return ClassScores.of_counts(self._right, self._predicted, self._support)

    @property
    def accuracy(self) -> float:
        """The share of all flags that was predicted rightly."""
        return self._agreed / self._total if self._total else float("nan")

    def curves(self) -> list[Curves | None]:
        """Of each flag; none at all where the scores were too many to be kept."""
        return self._kept.curves(len(self._support))
