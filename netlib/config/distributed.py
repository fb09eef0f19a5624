"""A config as several replicas train by it: the batch of all of them, and learning rates for so many."""

from __future__ import annotations

from dataclasses import replace

from netlib.config.experiment import Experiment
from netlib.config.problems import ConfigError
from netlib.spec.contract_replicas import uneven


def for_replicas(experiment: Experiment, replicas: int) -> Experiment:
    """The experiment with the batch of all replicas, and scaled learning rates; as it is where it is not distributed.

    Raises:
        ConfigError: the replicas do not divide the batch.
    """
    train, data = experiment.train, experiment.data
    if train is None or data is None or train.distribution is None:
        return experiment
    if problems := [experiment.place(problem) for problem in uneven(train, data, replicas)]:
        raise ConfigError(problems)
    rows = train.distribution.rows(data.batch_size, replicas)
    whole = data.model_copy(update={"batch_size": rows})
    return replace(experiment, data=whole, train=train.for_replicas(replicas))
