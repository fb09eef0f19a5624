"""Optuna's samplers, pruners and distributions, of what a sweep file says of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner
from optuna.samplers import BaseSampler, CmaEsSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial

from netlib.spec.search_numbers import Numbers
from netlib.spec.search_space import Choices, Distribution
from netlib.spec.sweep import SweepSpec, applies
from netlib.spec.sweep_engines import Cmaes, Grid, Hyperband, Median, Random, Tpe
from netlib.tasks.sweep.engine import need_package


class PointSampler(BaseSampler):
    """Gives every key the value that a point of a grid has there."""

    def __init__(self, point: Mapping[str, Any]) -> None:
        self._point = point

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Nothing is drawn together."""
        del study, trial
        return {}

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Nothing is drawn together."""
        del study, trial, search_space
        return {}

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """The point's value."""
        del study, trial, param_distribution
        return self._point[param_name]


def sampler(spec: SweepSpec, number: int) -> BaseSampler:
    """What chooses the values of the trial of a number.

    Each trial has its own, with a seed of its own: what is drawn depends on the sweep's seed, on the number and on the trials
    before it, and not on how many workers there are or how often the sweep was begun.

    Raises:
        UsageError: it needs a package that is not installed.
    """
    asked, seed = spec.sampler, _seed(spec.seed, number)
    if isinstance(asked, Grid):
        return PointSampler(next(islice(spec.points(), number, None)))
    if isinstance(asked, Random):
        return RandomSampler(seed=seed)
    options = asked.model_dump()
    if isinstance(asked, Cmaes):
        need_package("cmaes", "the sampler cmaes")
        independent = RandomSampler(seed=seed)
        return CmaEsSampler(seed=seed, independent_sampler=independent, **options)
    assert isinstance(asked, Tpe)
    return TPESampler(seed=seed, **options)


def pruner(spec: SweepSpec, epochs: int | None) -> BasePruner:
    """What ends trials early; `epochs` are those that a trial has at most, where that is known."""
    asked = spec.pruner
    if isinstance(asked, Median):
        return MedianPruner(**asked.model_dump())
    if isinstance(asked, Hyperband):
        options = asked.model_dump()
        return HyperbandPruner(**{**options, "max_resource": options["max_resource"] or epochs or "auto"})
    return NopPruner()


def chosen(spec: SweepSpec, trial: optuna.Trial) -> dict[str, Any]:
    """What the trial gets for each key of the space that applies; what it has already stays."""
    found: dict[str, Any] = {}
    for key, each in spec.space.items():
        if applies(spec.space, key, found):
            found[key] = _suggested(trial, key, each)
    return found


def _suggested(trial: optuna.Trial, key: str, each: Distribution) -> Any:
    distribution = distribution_of(each)
    if isinstance(distribution, CategoricalDistribution):
        return trial.suggest_categorical(key, distribution.choices)
    options: dict[str, Any] = {"step": distribution.step, "log": distribution.log}
    suggest: Callable[..., Any] = (
        trial.suggest_int if isinstance(distribution, IntDistribution) else trial.suggest_float
    )
    return suggest(key, distribution.low, distribution.high, **options)


def distribution_of(each: Distribution) -> CategoricalDistribution | IntDistribution | FloatDistribution:
    """Optuna's form of what is drawn for a key."""
    if isinstance(each, Choices):
        return CategoricalDistribution(each.names)
    assert isinstance(each, Numbers)
    if each.whole:
        return IntDistribution(each.low, each.high, log=each.logarithmic, step=each.step)
    return FloatDistribution(each.low, each.high, log=each.logarithmic, step=each.step)


def _seed(seed: int, number: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}/{number}".encode()).digest()[:4], "big")
