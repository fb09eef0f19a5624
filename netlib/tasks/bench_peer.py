"""`keras.Model.fit` on the same network and the same samples, to compare with.

It is measured as somebody who uses Keras alone finds it: without TensorFlow's op determinism, which netlab turns on, which makes
some operations slower, and for which Keras would not compile with XLA on a GPU, as it does by default.

What is timed are epochs of one call of `fit`, which shows no progress; what `fit` does before its first epoch is left out.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from typing import Any

import keras
import numpy as np
from tensorflow.python.framework import config as tensorflow_config  # there is no public way to turn determinism off

from netlib.data.arrays import Arrays
from netlib.nn.keras_twin import NoTwinError, twin_of, twin_targets
from netlib.spec.data import DataSpec
from netlib.spec.heads import Heads
from netlib.spec.training import TrainSpec
from netlib.training.measuring import LONG_ENOUGH
from netlib.training.model import Model

TUNED = (8, 32, 128)
"""Steps per execution that are tried; those of a whole epoch at most."""


class Peer:
    """Keras with its defaults, or tuned, which takes turns with the loop of netlab.

    `reason` is why it cannot, if so. `rates` are samples per second, one for each round; `tried` those of each number of steps
    per execution, where these were tuned.
    """

    def __init__(
        self, network: KerasFit | None = None, tried: dict[int, float] | None = None, reason: str = ""
    ) -> None:
        self.reason = reason
        self.rates: list[float] = []
        self.tried = tried or {}
        self.steps_per_execution = network.steps_per_execution if network else None
        self._network = network

    def run_round(self) -> None:
        """A round more."""
        if self._network:
            self.rates.append(self._network.rate())


@dataclass(frozen=True)
class Subject:
    """What is trained, on what and how."""

    model: Model
    train: TrainSpec
    heads: Heads
    samples: Arrays
    data: DataSpec


def make_peer(name: str, subject: Subject) -> Peer:
    """`keras` or `keras-tuned`, warmed up; one with a reason where there is no twin, or Keras fails."""
    try:
        if name == "keras":
            return Peer(KerasFit(subject, 1))
        steps = max(1, len(subject.samples) // subject.data.batch_size)
        fits = [KerasFit(subject, each) for each in dict.fromkeys(min(each, steps) for each in TUNED)]
        tried = {each.steps_per_execution: each.rate() for each in fits}
        return Peer(max(fits, key=lambda each: tried[each.steps_per_execution]), tried)
    except NoTwinError as error:
        return Peer(reason=f"no Keras twin: {'; '.join(map(str, error.obstacles))}")
    except Exception as error:  # what another library does is no reason to lose what was measured
        first = str(error).strip().partition("\n")[0]
        return Peer(reason=f"Keras fails: {type(error).__name__}: {first}")


class KerasFit:
    """A twin of the model, compiled for so many steps per execution and warmed up; a round has as many epochs as it needs."""

    def __init__(self, subject: Subject, steps_per_execution: int) -> None:
        self.steps_per_execution = steps_per_execution
        self._samples = _trained_on(len(subject.samples), subject.data)
        self._given = _given(subject, self._samples)
        with _without_determinism():
            self._twin = twin_of(subject.model, subject.train, subject.heads, steps_per_execution=steps_per_execution)
        self._seconds(1)  # compiles
        self._epochs = ceil(LONG_ENOUGH / self._seconds(1))

    def rate(self) -> float:
        """Samples per second of a round."""
        return self._samples * self._epochs / self._seconds(self._epochs)

    def _seconds(self, epochs: int) -> float:
        watch = _Watch()
        with _without_determinism():
            self._twin.fit(**self._given, epochs=epochs, verbose=0, callbacks=[watch])
        return watch.seconds


class _Watch(keras.callbacks.Callback):
    """Seconds from the beginning of the first epoch to the end of the last one."""

    def __init__(self, clock: Any = time.perf_counter) -> None:
        super().__init__()
        self.seconds = 0.0
        self._clock = clock

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._began = self._clock()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.seconds += self._clock() - self._began


def _given(subject: Subject, kept: int) -> dict[str, Any]:
    """The arguments of `fit` that say what it trains on: the first samples, so many."""
    samples = subject.samples.take(np.arange(kept))
    targets = twin_targets(subject.heads, subject.model.graph.output_tensors(), {**samples.inputs, **samples.targets})
    inputs = samples.inputs if len(samples.inputs) > 1 else next(iter(samples.inputs.values()))
    return {"x": inputs, "y": targets, "batch_size": subject.data.batch_size, "shuffle": subject.data.shuffle}


def _trained_on(samples: int, data: DataSpec) -> int:
    """The samples of an epoch: Keras has no way to leave out the smaller batch at the end."""
    return samples // data.batch_size * data.batch_size if data.drop_remainder else samples


@contextmanager
def _without_determinism() -> Iterator[None]:
    """Inside, operations need not be repeatable to the bit."""
    was = tensorflow_config.is_op_determinism_enabled()
    tensorflow_config.disable_op_determinism()
    try:
        yield
    finally:
        if was:
            tensorflow_config.enable_op_determinism()
