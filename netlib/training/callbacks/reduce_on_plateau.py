"""`ReduceOnPlateau`: a smaller learning rate when nothing becomes better."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from netlib.spec import callbacks as spec
from netlib.training.callbacks.callback import SpecCallback, Training


class ReduceOnPlateau(SpecCallback[spec.ReduceOnPlateau]):
    """Multiplies the learning rate by `factor` when the monitored value has not become better for `patience` validations.

    It counts as Keras's `ReduceLROnPlateau`, but a value that is not a number is never the best. The rate itself is the
    optimizer's, and is saved with it. With `train.param_groups` the rates of all groups stay in proportion to the main
    optimizer's, which alone is compared with `min_lr`.
    """

    def join(self, training: Training) -> None:
        """Begins to wait.

        Raises:
            SpecError: the monitor is not logged.
            UsageError: a learning rate follows a schedule.
        """
        training.optimizer.need_numbers("ReduceOnPlateau")
        self._training = training
        self._monitor = training.watch(self.spec.monitor, self.spec.mode)
        self._best: float | None = None
        self._waited = self._cooldown = 0

    def epoch_ended(self, record: Mapping[str, Any]) -> None:
        """Counts the record if it has the monitored value, and reduces the rate where that is due."""
        value = self._monitor.value(record)
        if value is None:
            return
        if self._cooldown:
            self._cooldown -= 1
            self._waited = 0
        if self._monitor.better(value, self._best, self.spec.min_delta):
            self._best, self._waited = value, 0
        elif not self._cooldown:
            self._waited += 1
            if self._waited >= self.spec.patience:
                self._reduce()

    def _reduce(self) -> None:
        optimizer = self._training.optimizer
        rate = float(tf.convert_to_tensor(optimizer.learning_rate))
        reduced = max(rate * self.spec.factor, self.spec.min_lr)
        if reduced >= rate:
            return
        optimizer.learning_rate = reduced
        reason = self._monitor.stagnant(self._waited)
        self._training.say(f"learning rate {rate:.6g} -> {reduced:.6g}: {reason}")
        self._cooldown, self._waited = self.spec.cooldown, 0

    def state(self) -> dict[str, Any]:
        """The best value, how long it has stood, and how long the reduced rate still has its peace."""
        return {"best": self._best, "waited": self._waited, "cooldown": self._cooldown}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Goes on waiting."""
        self._best, self._waited, self._cooldown = state["best"], state["waited"], state["cooldown"]
