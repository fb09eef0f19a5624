"""Samplers and pruners of a sweep, with the options that they have in Optuna, under the same names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self, TypeVar

from pydantic import Field, PlainSerializer, PlainValidator, ValidationError, model_validator

from netlib.spec.base import Spec, as_validation_error, problems_of, shown
from netlib.spec.errors import Problem, did_you_mean, one_of
from netlib.spec.types import NonNegativeInt, PositiveFloat, PositiveInt


class Engine(Spec):
    """Base of both."""

    @classmethod
    def name(cls) -> str:
        """By which a sweep file calls it."""
        return cls.__name__.lower()

    @classmethod
    def type_name(cls) -> str:
        """As messages call it."""
        return cls.name()

    def written(self) -> Any:
        """As a sweep file has it."""
        options = self.model_dump(mode="json", exclude_defaults=True)
        return {self.name(): options} if options else self.name()


class SamplerSpec(Engine):
    """Base of what chooses the values of the next trial."""


class PrunerSpec(Engine):
    """Base of what ends trials that do worse than others."""


class Tpe(SamplerSpec):
    """Tree-structured Parzen estimators: likely values are those near the good ones (Bergstra et al. 2011)."""

    n_startup_trials: NonNegativeInt = Field(10, description="Trials that are drawn at random before it learns.")
    n_ei_candidates: PositiveInt = Field(24, description="Candidates among which it chooses the most promising.")
    multivariate: bool = Field(False, description="Whether it learns how keys depend on one another.")
    group: bool = Field(
        False, description="With 'multivariate': whether it learns so for conditional keys, too, group by group."
    )
    constant_liar: bool = Field(
        True, description="Whether it keeps away from what other workers are trying at the moment."
    )

    @model_validator(mode="after")
    def _groups_what_it_learns_together(self) -> Self:
        if self.group and not self.multivariate:
            raise ValueError("'group' is for 'multivariate: true'; give both, or leave 'group' out")
        return self


class Random(SamplerSpec):
    """Draws every value independently."""


class Grid(SamplerSpec):
    """Tries every point of the space once."""


class Cmaes(SamplerSpec):
    """Evolution with an adapted covariance matrix (Hansen 2016), for numbers; choices are drawn at random beside."""

    n_startup_trials: PositiveInt = Field(1, description="Trials that are drawn at random before it begins.")
    sigma0: PositiveFloat | None = Field(None, description="How far it looks at first; a sixth of the ranges if null.")
    popsize: PositiveInt | None = Field(None, description="Trials of a generation; by the number of keys if null.")


class Median(PrunerSpec):
    """Ends a trial whose best value so far is worse than the median of the others at the same epoch."""

    n_startup_trials: NonNegativeInt = Field(5, description="Complete trials before the first is pruned.")
    n_warmup_steps: NonNegativeInt = Field(0, description="Epochs that every trial has.")
    interval_steps: PositiveInt = Field(1, description="Epochs between two looks at a trial.")
    n_min_trials: PositiveInt = Field(1, description="Trials that must have come to that epoch.")


class Hyperband(PrunerSpec):
    """Gives many trials few epochs, and the best of them more, in several ways at once (Li et al. 2018)."""

    min_resource: PositiveInt = Field(1, description="Epochs that every trial has.")
    max_resource: PositiveInt | None = Field(None, description="Epochs of the longest; as trials show it if null.")
    reduction_factor: Annotated[PositiveInt, Field(ge=2)] = Field(
        3, description="One of so many trials goes on at each step, for so many times the epochs."
    )
    bootstrap_count: NonNegativeInt = Field(0, description="Trials that are not pruned at each step before it begins.")


SAMPLERS: tuple[type[SamplerSpec], ...] = (Tpe, Random, Grid, Cmaes)
PRUNERS: tuple[type[PrunerSpec], ...] = (Median, Hyperband)
NONE = "none"
"""The pruner that ends none."""

Kind = TypeVar("Kind", bound=Engine)


def _chosen(value: Any, kinds: tuple[type[Kind], ...], noun: str, others: tuple[str, ...] = ()) -> Kind:
    """The engine that a name, or a mapping of one name to its options, stands for."""
    if isinstance(value, kinds):
        return value
    by_name = {kind.name(): kind for kind in kinds}
    name, options = next(iter(value.items())) if isinstance(value, Mapping) and len(value) == 1 else (value, None)
    if not isinstance(name, str):
        raise ValueError(f"expected one {noun}, as a name or as 'name: {{options}}', got {shown(value)}")
    if name not in by_name:
        names = [*others, *by_name]
        hint = did_you_mean(name, names) or f"; it is one of {one_of(names)}"
        message = f"there is no {noun} '{name}'{hint}"
        problem = Problem((), message) if value is name else Problem((name,), message, at="key")
        raise as_validation_error([problem])
    try:
        return by_name[name].model_validate(options)
    except ValidationError as error:
        raise as_validation_error(problem.under((name,)) for problem in problems_of(error)) from None


def _sampler(value: Any) -> SamplerSpec:
    return _chosen(value, SAMPLERS, "sampler")


def _pruner(value: Any) -> PrunerSpec | None:
    return None if value in (None, NONE) else _chosen(value, PRUNERS, "pruner", (NONE,))


Sampler = Annotated[
    SamplerSpec,
    PlainValidator(_sampler, json_schema_input_type=str | dict[str, Any]),
    PlainSerializer(lambda spec: spec.written(), return_type=Any),
]
Pruner = Annotated[
    PrunerSpec | None,
    PlainValidator(_pruner, json_schema_input_type=str | dict[str, Any] | None),
    PlainSerializer(lambda spec: NONE if spec is None else spec.written(), return_type=Any),
]
