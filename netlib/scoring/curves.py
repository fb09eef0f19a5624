"""How well scores tell one class from the rest, over all thresholds: ROC and precision-recall."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from netlib.scoring.confusion import Array


class Best(NamedTuple):
    """The threshold with the best F1, and what is found with it."""

    threshold: float
    f1: float
    precision: float
    recall: float


@dataclass(frozen=True)
class Curves:
    """A point for each threshold, from the highest down: how much is found, and how much is found wrongly.

    Attributes:
        thresholds: the different scores, falling; what scores at least that is taken for the class.
        recall: the share of the class that is found, the true positive rate.
        false_positive_rate: the share of the rest that is taken for the class.
        precision: of what is taken for the class, the share that is of it.
    """

    thresholds: Array
    recall: Array
    false_positive_rate: Array
    precision: Array

    @property
    def roc_auc(self) -> float:
        """The area under the ROC curve, by trapezoids: the chance that one of the class scores higher than one of the rest."""
        x, y = np.concatenate([[0.0], self.false_positive_rate]), np.concatenate([[0.0], self.recall])
        return float(np.trapezoid(y, x))

    @property
    def average_precision(self) -> float:
        """The mean of the precision over the recall, each step at its right end; no trapezoids, which promise too much."""
        return float((np.diff(self.recall, prepend=0.0) * self.precision).sum())

    @property
    def best(self) -> Best:
        """Where F1 is best; of equal ones the highest threshold."""
        both = self.precision + self.recall
        f1 = np.divide(2 * self.precision * self.recall, both, out=np.zeros(len(both)), where=both > 0)
        at = int(f1.argmax())
        return Best(*(float(each[at]) for each in (self.thresholds, f1, self.precision, self.recall)))


def curves(positive: Array, scores: Array, weights: Array | None = None) -> Curves | None:
    """The curves of a class; None where there is none of it, or nothing else.

    Args:
        positive: whether each sample is of the class, [samples].
        scores: of the class, the higher the more likely, [samples].
        weights: of the samples; those that weigh nothing do not count.
    """
    if weights is not None:
        counted = weights > 0
        positive, scores, weights = positive[counted], scores[counted], weights[counted]
    order = np.argsort(-scores, kind="stable")
    ranked, of_class = scores[order], positive[order].astype(np.float64)
    weight = np.ones(len(order)) if weights is None else weights[order].astype(np.float64)
    found, wrong = np.cumsum(of_class * weight), np.cumsum((1 - of_class) * weight)
    if not len(order) or not found[-1] or not wrong[-1]:
        return None
    last = np.append(ranked[1:] != ranked[:-1], True)  # samples of one score stand on the same side of every threshold
    found, wrong = found[last], wrong[last]
    return Curves(ranked[last], found / found[-1], wrong / wrong[-1], found / (found + wrong))
