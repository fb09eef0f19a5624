"""What is wrong between the data section and the data, said with the line of the config; TensorFlow is not needed for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from netlib.config.experiment import Experiment
from netlib.config.problems import ConfigError
from netlib.spec.errors import SpecError


@contextmanager
def data_placed(experiment: Experiment) -> Iterator[None]:
    """Inside, what is wrong between the data section and the data is a problem of the config, with its line.

    Raises:
        ConfigError: something is.
    """
    try:
        yield
    except SpecError as error:
        raise ConfigError([experiment.place(problem.under(("data",))) for problem in error.problems]) from None
