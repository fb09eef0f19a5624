"""How far predicted numbers are from their targets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from netlib.scoring.confusion import Array
from netlib.scoring.kept import Kept

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class ErrorScores:
    """Of one number a sample, the error being prediction minus target; or of several together.

    Attributes:
        mae: the mean of the absolute errors.
        rmse: the root of the mean of their squares.
        r2: the share of the targets' variance that is explained; NaN where they are all equal. Of several, the mean.
        bias: the mean error.
        largest: the largest absolute error.
        quantiles: of the errors, at `QUANTILES`; empty where they were too many to be kept.
    """

    mae: float
    rmse: float
    r2: float
    bias: float
    largest: float
    quantiles: tuple[float, ...]


class ErrorTally:
    """Counts the errors of so many numbers a sample, window by window."""

    def __init__(self, units: int) -> None:
        self._weight = 0.0
        self._mean, self._spread, self._sum, self._absolute, self._squares, self._largest = np.zeros((6, units))
        self._kept = Kept()

    def add(self, targets: Array, predicted: Array, weights: Array) -> None:
        """Counts samples: targets and predictions [samples, units], weights [samples]."""
        targets, weights = targets.astype(np.float64), weights.astype(np.float64)
        errors = predicted - targets
        if not (total := float(weights.sum())):
            return
        self._spread_of(targets, weights, total)
        self._sum += weights @ errors
        self._absolute += weights @ np.abs(errors)
        self._squares += weights @ errors**2
        self._largest = np.maximum(self._largest, np.abs(errors[weights > 0]).max(axis=0))
        self._kept.add(errors.astype(np.float32), weights.astype(np.float32))

    def unit(self, unit: int) -> ErrorScores:
        """Of one number."""
        return self._scores(slice(unit, unit + 1))

    def all(self) -> ErrorScores:
        """Of all together."""
        return self._scores(slice(None))

    def _spread_of(self, targets: Array, weights: Array, total: float) -> None:
        """The variance of the targets so far, by the formula of Chan, Golub and LeVeque (1983): no sums of large squares."""
        mean = weights @ targets / total
        apart, joined = mean - self._mean, self._weight + total
        self._spread += weights @ (targets - mean) ** 2 + apart**2 * (self._weight * total / joined)
        self._mean += apart * (total / joined)
        self._weight = joined

    def _scores(self, units: slice) -> ErrorScores:
        weight = self._weight or np.nan
        with np.errstate(divide="ignore", invalid="ignore"):
            explained = 1 - self._squares[units] / np.where(self._spread[units] > 0, self._spread[units], np.nan)
        return ErrorScores(
            mae=float(self._absolute[units].mean() / weight),
            rmse=float(np.sqrt(self._squares[units].mean() / weight)),
            r2=float(explained.mean()),
            bias=float(self._sum[units].mean() / weight),
            largest=float(self._largest[units].max()),
            quantiles=self._quantiles(units),
        )

    def _quantiles(self, units: slice) -> tuple[float, ...]:
        if self._kept.parts is None:
            return ()
        if not self._kept.parts:
            return (float("nan"),) * len(QUANTILES)
        errors = np.concatenate([errors[:, units] for errors, _ in self._kept.parts])
        weights = np.concatenate([weights for _, weights in self._kept.parts])
        flat = errors.ravel()
        if (weights == weights[0]).all():
            return tuple(map(float, np.quantile(flat, QUANTILES)))
        spread = np.repeat(weights, errors.shape[1])
        return tuple(map(float, np.quantile(flat, QUANTILES, method="inverted_cdf", weights=spread)))
