"""`StopOnNaN`: an end, and not an error, when a number is not finite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netlib.spec import callbacks as spec
from netlib.training.callbacks.callback import SpecCallback, Training
from netlib.training.checkpoints import Snapshot


class StopOnNaN(SpecCallback[spec.StopOnNaN]):
    """Ends training when the loss, a gradient or a weight is not finite, with the state of the last epoch that was.

    Weights, optimizer, averages, counters and history are those from which that epoch's successor began, so that training can be
    gone on with. That state is copied to the host's memory after each epoch. Without this callback it is a `TrainingError`.
    """

    def join(self, training: Training) -> None:
        """Remembers what to look at."""
        self._training = training
        self._good: Snapshot | None = None

    def epoch_started(self, epoch: int, epochs: int | None, steps: int | None) -> None:
        """Keeps the state: all that the epoch before has changed is in it."""
        self._good = self._training.state.snapshot()

    def epoch_ended(self, record: Mapping[str, Any]) -> None:
        """Looks at the weights too: those of the last update have made no loss yet.

        Raises:
            TrainingError: one is not finite.
        """
        self._training.state.need_finite()

    def failed(self, error: Exception) -> str | None:
        """Sets everything back to the last epoch whose numbers were finite; None if they were not from the beginning."""
        state = self._training.state
        if self._good is None:
            return None
        state.take_back(self._good)
        what = str(error).partition("; the last checkpoint stands")[0]
        step = state.progress.step
        return f"{what}; the weights are those of step {step}" if step else f"{what}; the weights are the initial ones"
