"""netlab itself, as its configs are; and Keras, whose network is the twin of netlab's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from netlib.config.load import load
from netlib.nn.keras_twin import twin_of
from netlib.tasks.build import build
from netlib.training.environment import configure
from netlib.training.model import Model

Epoch = Callable[[], None]
CONFIGS = Path(__file__).parents[3] / "configs" / "bench"


def _model(name: str) -> Model:
    experiment = load(CONFIGS / f"{name}.yaml")
    model = build(experiment)
    model.trainer = None
    train: Any = experiment.train
    model.compile(loss="sparse_categorical_crossentropy", optimizer=train.optimizer.to_choice())
    return model


def netlab(name: str, x: np.ndarray, y: np.ndarray, batch: int) -> Epoch:
    """`Model.fit`, which is what `netlab train` runs."""
    model = _model(name)

    def epoch() -> None:
        model.fit(x, y, batch_size=batch)

    return epoch


def _keras(name: str, x: np.ndarray, y: np.ndarray, batch: int, steps: int) -> Epoch:
    twin = twin_of(_model(name))
    twin.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), steps_per_execution=steps)

    def epoch() -> None:
        twin.fit(x, y, batch_size=batch, verbose=0)

    return epoch


def keras_fit(name: str, x: np.ndarray, y: np.ndarray, batch: int) -> Epoch:
    """`keras.Model.fit` with its defaults."""
    return _keras(name, x, y, batch, 1)


def keras_tuned(name: str, x: np.ndarray, y: np.ndarray, batch: int) -> Epoch:
    """The same, many steps to an execution."""
    return _keras(name, x, y, batch, 64)


LOOPS = {"netlab": netlab, "Keras fit": keras_fit, "Keras tuned": keras_tuned}


def start(threads: int) -> str:
    """Sets the threads; the versions."""
    configure(threads)
    keras.utils.set_random_seed(0)
    return f"tensorflow {tf.__version__}, keras {keras.__version__}"
