"""`EarlyStopping`: an end before the budget is spent, and the best weights at the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netlib.spec import callbacks as spec
from netlib.training.callbacks.best_weights import BestWeights
from netlib.training.callbacks.callback import SpecCallback, Training


class EarlyStopping(SpecCallback[spec.EarlyStopping]):
    """Ends training when the monitored value has not become better for a while; the model then has its best weights.

    In a run the best checkpoint has them, in `Model.fit` they are kept in memory.

    >>> EarlyStopping(patience=5, monitor="validation.loss").spec.patience
    5
    """

    def join(self, training: Training) -> None:
        """Begins to wait.

        Raises:
            SpecError: the monitor is not logged.
        """
        self._monitor = training.watch(self.spec.monitor, self.spec.mode)
        self._best = self.spec.baseline
        self._waited = 0
        self._best_weights = None if training.run else BestWeights(training, self._monitor)

    def epoch_ended(self, record: Mapping[str, Any]) -> None:
        """Counts records without improvement; those that lack the monitored value do not count."""
        if self._best_weights:
            self._best_weights.take(record)
        value = self._monitor.value(record)
        if value is None or record["epoch"] <= self.spec.start_from_epoch:
            return
        if self._monitor.better(value, self._best, self.spec.min_delta):
            self._best, self._waited = value, 0
        else:
            self._waited += 1

    def stop(self) -> str | None:
        """After `patience` such records, and at least one."""
        if self._waited < max(self.spec.patience, 1):
            return None
        best = "none" if self._best is None else f"{self._best:.6g}"
        return f"{self._monitor.stagnant(self._waited)} (best: {best})"

    def run_ended(self, result: Mapping[str, Any]) -> None:
        """Gives the model the best weights."""
        if self._best_weights:
            self._best_weights.give_back()

    def state(self) -> dict[str, Any]:
        """The best value and how long it has stood."""
        return {"best": self._best, "waited": self._waited}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Goes on waiting."""
        self._best, self._waited = state["best"], state["waited"]
