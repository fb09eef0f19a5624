"""What takes part in a trial's training: it tells the study of each epoch, and ends what is worse than others were."""

from __future__ import annotations

import math
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import optuna

from netlib.report import numbers
from netlib.spec.training import Monitored
from netlib.tasks.sweep.storage import StorageError, explained
from netlib.training.callbacks.callback import Callback
from netlib.training.interrupt import Interrupt
from netlib.training.monitor import Monitor

PRUNED = "pruned: "
"""Begins the reason for which such a run has ended."""
LOST = "another worker has taken over this trial"


class Reports(Callback):
    """Reports the watched value of each epoch, and ends the training where the pruner or a signal asks for it.

    A storage that cannot be reached in between is no reason to end: then this epoch is not judged.

    Args:
        trial: that is trained.
        watched: the value by which trials are compared.
        url: of the storage.
        interrupt: signals that came before the training watched them.
        lost: whether the trial is another worker's by now.
    """

    name = "sweep"

    def __init__(
        self,
        trial: optuna.Trial,
        watched: Monitored,
        url: str,
        interrupt: Interrupt,
        lost: Callable[[], bool],
    ) -> None:
        self._trial = trial
        self._monitor = Monitor(watched)
        self._url = url
        self._interrupt = interrupt
        self._lost = lost
        self._why: str | None = None

    def run_started(self, run: Path | None, header: Mapping[str, Any]) -> None:
        """Passes on a signal that came while the data was read: from here on the training obeys."""
        if self._interrupt.number is not None:
            signal.raise_signal(self._interrupt.number)

    def epoch_ended(self, record: Mapping[str, Any]) -> None:
        """Reports, and asks whether to go on."""
        value = self._monitor.value(record)
        if value is None or not math.isfinite(value):
            return
        try:
            with explained(self._url):
                self._judge(int(record["epoch"]), value)
        except StorageError:
            return

    def stop(self) -> str | None:
        """Once the pruner has said so, or the trial is somebody else's."""
        return LOST if self._lost() else self._why

    def _judge(self, epoch: int, value: float) -> None:
        if epoch not in self._trial.storage.get_trial(self._trial._trial_id).intermediate_values:
            self._trial.report(value, epoch)
        if self._trial.should_prune():
            epochs = f"{epoch} epoch{'' if epoch == 1 else 's'}"
            self._why = (
                f"{PRUNED}{self._monitor.name} {numbers.metric(value)} after {epochs} is worse than others had then"
            )
