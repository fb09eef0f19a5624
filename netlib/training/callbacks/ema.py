"""`EMA`: averages of the weights over the steps, kept on the device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import tensorflow as tf

from netlib.spec import callbacks as spec
from netlib.training.callbacks.callback import DeviceHook, SpecCallback, StandIn, Training

NAME = "EMA"


class EMA(SpecCallback[spec.EMA]):
    """Exponential moving averages: after each step `average = decay * average + (1 - decay) * weight`.

    They begin as the weights with which the training begins (Polyak & Juditsky 1992, with the exponential weights that are usual
    now). Trained weights have one each; statistics, such as those of BatchNormalization, are averages already and are used as
    they are. Validation, the best epoch and the model at the end of the training have the averages; checkpoints have both.

    >>> EMA(0.999).spec.decay
    0.999
    """

    name: ClassVar[str | None] = NAME

    def __init__(self, *args: Any, **parameters: Any) -> None:
        super().__init__(*args, **parameters)
        self._trained: dict[str, tf.Variable] = {}
        self._averages: dict[str, tf.Variable] = {}

    def join(self, training: Training) -> None:
        """Makes the averages."""
        trained = {named.path: named.variable for named in training.model.named_variables() if named.trainable}
        if {path: id(weight) for path, weight in trained.items()} == self._known():
            self.begin_late()
            return  # with the old variables, so that what is compiled serves on
        self._trained = trained
        self._averages = {path: tf.Variable(weight, trainable=False) for path, weight in trained.items()}
        self._hook = _averaging(self.stand_ins(), self.spec.decay)

    def _known(self) -> dict[str, int]:
        return {path: id(weight) for path, weight in self._trained.items()}

    def begin_late(self) -> None:
        """Sets the averages to what the weights are now."""
        for path, average in self._averages.items():
            average.assign(self._trained[path])

    def variables(self) -> dict[str, tf.Variable]:
        """The averages by their weights' paths."""
        return self._averages

    def device_hook(self) -> DeviceHook:
        """Takes the new weights into the averages."""
        return self._hook

    def stand_ins(self) -> Sequence[StandIn]:
        """The averages stand in for the weights."""
        return [(self._trained[path], average) for path, average in self._averages.items()]


def _averaging(pairs: Sequence[StandIn], decay: float) -> DeviceHook:
    def average(step: tf.Tensor) -> None:
        del step
        for weight, mean in pairs:
            # Not `decay * mean + ...`: so a mean that equals its weight stays it to the bit.
            mean.assign_add(tf.cast(1 - decay, mean.dtype) * (weight - mean))

    return average
