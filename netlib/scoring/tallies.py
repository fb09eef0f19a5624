"""Classes and flags that are counted window by window: what is kept does not grow with the samples, but for the scores."""

from __future__ import annotations

import numpy as np

from netlib.scoring.classes import ClassScores
from netlib.scoring.confusion import Array, confusion_matrix
from netlib.scoring.curves import Curves, curves
from netlib.scoring.kept import Kept


def _curves(kept: Kept, classes: int) -> list[Curves | None]:
    """Of each class or flag, whose numbers or columns are the truth; none where the scores were not kept."""
    if kept.parts is None:
        return []
    if not kept.parts:
        return [None] * classes
    scores, truth, weights = (np.concatenate(each) for each in zip(*kept.parts, strict=True))
    of_class = (truth == number if truth.ndim == 1 else truth[:, number] for number in range(classes))
    return [curves(each, scores[:, number], weights) for number, each in enumerate(of_class)]


class ClassTally:
    """Counts samples each of which is of one class."""

    def __init__(self, classes: int) -> None:
        self.matrix: Array = np.zeros((classes, classes))
        """Which class was taken for which: weights of samples, [target, predicted]."""
        self._kept = Kept()

    def add(self, targets: Array, probabilities: Array, weights: Array) -> None:
        """Counts samples: targets [samples], from 0, probabilities [samples, classes], weights [samples]."""
        self.matrix += confusion_matrix(targets, probabilities.argmax(axis=1), len(self.matrix), weights)
        self._kept.add(probabilities, targets.astype(np.int32), weights.astype(np.float32))

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
        return _curves(self._kept, len(self.matrix))


class FlagTally:
    """Counts samples that have several flags, each yes or no by itself; yes is predicted where the probability is above 0.5."""

    def __init__(self, flags: int) -> None:
        self._right, self._predicted, self._support = np.zeros((3, flags))
        self._agreed = self._total = 0.0
        self._kept = Kept()

    def add(self, targets: Array, probabilities: Array, weights: Array) -> None:
        """Counts samples: whether each has each flag [samples, flags], probabilities likewise, weights [samples]."""
        predicted = probabilities > 0.5
        self._right += weights @ (predicted & targets)
        self._predicted += weights @ predicted
        self._support += weights @ targets
        self._agreed += float((weights @ (predicted == targets)).sum())
        self._total += float(weights.sum()) * targets.shape[1]
        self._kept.add(probabilities, targets, weights.astype(np.float32))

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
        return _curves(self._kept, len(self._support))
