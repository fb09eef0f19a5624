"""The weights of the best epoch so far, kept in memory where no run directory has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from netlib.training.callbacks.callback import Training
from netlib.training.monitor import Monitor


class BestWeights:
    """A copy of every variable of the model, as it was measured, at the epoch that no other was better than."""

    def __init__(self, training: Training, monitor: Monitor) -> None:
        self._training = training
        self._monitor = monitor
        self._value: float | None = None
        self._weights: list[np.ndarray[Any, Any]] | None = None

    def take(self, record: Mapping[str, Any]) -> None:
        """Copies the weights if the epoch that ends is the best one."""
        value = self._monitor.value(record)
        if value is None or not self._monitor.better(value, self._value):
            return
        self._value = value
        with self._training.measured():
            self._weights = [variable.numpy() for variable in self._training.model.variables]

    def give_back(self) -> None:
        """Gives the model the copy, if there was such an epoch."""
        if self._weights is not None:
            for variable, value in zip(self._training.model.variables, self._weights, strict=True):
                variable.assign(value)
