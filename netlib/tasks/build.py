"""From a config to a model with its initial weights."""

from __future__ import annotations

from netlib.config.experiment import Experiment
from netlib.spec.errors import UsageError
from netlib.training.model import Model


def build(experiment: Experiment) -> Model:
    """The model that a config describes; its weights follow from the config's seed.

    Raises:
        UsageError: the config has no model, or its inputs are not known.
    """
    if experiment.graph is None:
        raise UsageError(f"config '{experiment.name}' has no model to build; add a 'model' section")
    return Model(graph=experiment.graph, name="model", seed=experiment.seed)
