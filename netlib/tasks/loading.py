"""`train.load` of a config: what is wrong with it, known from the files' headers, and the loading itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from netlib.config.experiment import Experiment
from netlib.config.problems import ConfigError, PlacedProblem
from netlib.runs.weights import MissingWeightsError, find_weights
from netlib.spec.errors import NetlabError, Problem, SpecError
from netlib.spec.loading import LoadSpec
from netlib.spec.saved_weights import wanted_by

if TYPE_CHECKING:
    from netlib.nn.network import Network
    from netlib.training.warm_start import Loaded

PLACE = ("train", "load")


def load_problems(experiment: Experiment) -> list[PlacedProblem]:
    """All that can be said of the weights before anything runs; that there are none yet is a warning.

    Names and shapes are compared once those of the network are known.
    """
    train = experiment.train
    return [] if train is None or train.load is None else _placed(experiment, _problems(experiment, train.load))


def need_fit(experiment: Experiment, *, missing: bool = True) -> None:
    """Refuses weights that do not fit, or, with `missing`, that are not there.

    Raises:
        ConfigError: with what is wrong.
    """
    found = load_problems(experiment)
    if wrong := [replace(each, severity="error") for each in found if missing or each.severity == "error"]:
        raise ConfigError(wrong)


def warm_start(experiment: Experiment, model: Network) -> Loaded | None:
    """Loads the weights with which the training of a config begins, if it names some.

    Raises:
        ConfigError: they do not fit; nothing is changed then.
        NetlabError: they are damaged, or not finite.
    """
    if experiment.train is None or experiment.train.load is None:
        return None
    from netlib.training.warm_start import load_weights

    try:
        return load_weights(model, experiment.train.load)
    except SpecError as error:
        raise ConfigError(_placed(experiment, error.problems)) from None


def _problems(experiment: Experiment, load: LoadSpec) -> list[Problem]:
    try:
        arrays, aliases = find_weights(Path(load.source)).header()
    except MissingWeightsError as error:
        return [Problem((), str(error), at="key", severity="warning")]
    except NetlabError as error:
        return [Problem((), str(error), at="key")]
    if experiment.graph is None or not experiment.graph.known:
        return []
    wanted = wanted_by(experiment.graph)
    try:
        problem = load.problem(load.fit(arrays, aliases, wanted), arrays, wanted)
    except SpecError as error:
        return error.problems
    return [problem] if problem else []


def _placed(experiment: Experiment, problems: Iterable[Problem]) -> list[PlacedProblem]:
    return [experiment.place(problem.under(PLACE)) for problem in problems]
