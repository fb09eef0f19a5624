"""What takes part in a training between its epochs; who only looks on is a `netlib.spec.listener.Listener`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netlib.spec.callbacks import EarlyStopping as EarlyStoppingSpec
from netlib.training.monitor import Monitor
from netlib.training.progress import Record


class Callback:
    """Takes part: it sees each epoch's record, and may ask that training stops. Its state is saved with the run."""

    def epoch_ended(self, record: Record) -> None:
        """Takes note of an epoch."""

    def stop(self) -> str | None:
        """Why training should stop now, or None. Asked after each epoch, and before the first one of a resumed run."""
        return None

    def state(self) -> dict[str, Any]:
        """Plain values that `restore` takes back."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Goes on from a saved state."""


class EarlyStopping(Callback):
    """Stops when the monitored value has not become better for a while."""

    def __init__(self, spec: EarlyStoppingSpec, monitor: Monitor) -> None:
        self._spec = spec
        self._monitor = monitor
        self._best = spec.baseline
        self._waited = 0

    def epoch_ended(self, record: Record) -> None:
        """Counts records without improvement; those that lack the monitored value do not count."""
        value = self._monitor.value(record)
        if value is None or record["epoch"] <= self._spec.start_from_epoch:
            return
        if self._monitor.better(value, self._best, self._spec.min_delta):
            self._best, self._waited = value, 0
        else:
            self._waited += 1

    def stop(self) -> str | None:
        """After `patience` such records, and at least one."""
        if self._waited < max(self._spec.patience, 1):
            return None
        best = "none" if self._best is None else f"{self._best:.6g}"
        waited = f"{self._waited} epoch{'' if self._waited == 1 else 's'}"
        return f"{self._monitor.name} has not become better for {waited} (best: {best})"

    def state(self) -> dict[str, Any]:
        """The best value and how long it has stood."""
        return {"best": self._best, "waited": self._waited}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Goes on waiting."""
        self._best, self._waited = state["best"], state["waited"]
