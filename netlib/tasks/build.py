"""From a config to a model with its initial weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netlib.config.experiment import Experiment
from netlib.config.load import asked, load
from netlib.nn.keras_layers import ask_keras
from netlib.spec.errors import UsageError
from netlib.training.model import Model


def build(experiment: Experiment | Path | str | Mapping[str, Any]) -> Model:
    """The model that a config describes, which may be given by its file or as a mapping; its weights follow from the seed.

    Raises:
        UsageError: the config has no model, or its inputs are not known; or Keras objects to a layer of its own.
    """
    experiment = known_at_build(experiment if isinstance(experiment, Experiment) else load(experiment))
    if experiment.graph is None:
        raise UsageError(f"config '{experiment.name}' has no model to build; add a 'model' section")
    precision = experiment.train.precision if experiment.train else None
    return Model(graph=experiment.graph, name="model", seed=experiment.seed, dtype=precision)


def known_at_build(experiment: Experiment) -> Experiment:
    """The experiment with what only Keras can tell of its layers, and all that follows from that.

    Raises:
        ConfigError: with every problem that is seen only then.
    """
    return asked(experiment, ask_keras)
