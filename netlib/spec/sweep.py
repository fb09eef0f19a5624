"""`SweepSpec`: a sweep file. Many trainings of one config, each with other values of some keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field, PlainSerializer, PlainValidator

from netlib.spec.base import Spec, as_validation_error, shown
from netlib.spec.callbacks import Seconds
from netlib.spec.errors import Problem, SpecError, did_you_mean, one_of
from netlib.spec.search_forms import parse_distribution
from netlib.spec.search_numbers import Numbers
from netlib.spec.search_space import Choices, Distribution, Name, same
from netlib.spec.sweep_engines import Cmaes, Grid, Pruner, Sampler, SamplerSpec, Tpe
from netlib.spec.train_fields import MonitorSpec
from netlib.spec.types import Int, PositiveInt

MAX_POINTS = 100_000
"""Of a grid."""
MAX_SEED = 2**32 - 1
MAX_WORKERS = 1024
_URL = re.compile(r"[a-zA-Z][\w+.-]*://.*", re.DOTALL)


def _space(value: Any) -> dict[str, Distribution]:
    if not isinstance(value, Mapping) or not value:
        raise ValueError(
            "expected a mapping of the config's keys to what is tried, such as"
            f" {{data.batch_size: [32, 64]}}, got {'an empty one' if value == {} else shown(value)}"
        )
    found, problems = {}, []
    for key, said in value.items():
        try:
            found[str(key)] = parse_distribution(said)
        except SpecError as error:
            problems += [problem.under((key,)) for problem in error.problems]
    if problems:
        raise as_validation_error(problems)
    return found


def _url(value: Any) -> str:
    if isinstance(value, str) and _URL.fullmatch(value):
        return value
    raise ValueError(
        f"expected a database's URL, such as sqlite:///study.db or postgresql://user@host/base, got {shown(value)}"
    )


def _changes(value: Any) -> dict[str, Any]:
    if value is None or isinstance(value, Mapping):
        return {str(key): each for key, each in (value or {}).items()}
    raise ValueError(
        f"expected a mapping of the config's keys to values, such as {{train.epochs: 5}}, got {shown(value)}"
    )


def _plainly(space: Mapping[str, Distribution]) -> dict[str, Any]:
    return {key: each.model_dump(mode="json", exclude_defaults=True, warnings=False) for key, each in space.items()}


def _written(parse: Callable[[Any], Any], written: Any) -> PlainValidator:
    return PlainValidator(parse, json_schema_input_type=written)


Space = Annotated[
    dict[str, Distribution], _written(_space, dict[str, Any]), PlainSerializer(_plainly, return_type=dict[str, Any])
]


class SweepSpec(Spec):
    """A sweep file."""

    config: Annotated[str, Field(min_length=1)] = Field(description="The config of every trial, relative to this file.")
    name: str | None = Field(
        None, description="Of the study, and of the folder of its runs; the file's name if left out."
    )
    set: Annotated[dict[str, Any], _written(_changes, dict[str, Any])] = Field(
        {}, description="Keys of the config that every trial has otherwise.", examples=[{"train.epochs": 5}]
    )
    space: Space = Field(description="Keys of the config, and what each trial may choose for them.")
    sampler: Sampler = Field(
        default_factory=lambda: Tpe.parse({}), description="What chooses the values of the next trial."
    )
    pruner: Pruner = Field(None, description="What ends a trial that does worse than others did at the same epoch.")
    monitor: MonitorSpec | None = Field(
        None,
        description="What decides about the best epoch of a trial, and about the best trial; the config's own if left out.",
    )
    trials: PositiveInt | None = Field(
        None, description="How many are to end, complete, pruned or failed; of a grid all points if left out."
    )
    max_time: Seconds | None = Field(
        None, description="Seconds, or a time such as 90s, 10m, 2h, after which no trial begins."
    )
    workers: Annotated[PositiveInt, Field(le=MAX_WORKERS)] = Field(1, description="Processes that train at once.")
    storage: Annotated[str, _written(_url, str)] | None = Field(
        None, description="The database that keeps the study; a file of SQLite beside the runs if left out."
    )
    seed: Annotated[Int, Field(ge=0, le=MAX_SEED)] = Field(0, description="Of what the sampler draws.")

    @classmethod
    def type_name(cls) -> str:
        """As messages call it."""
        return "a sweep"

    @property
    def is_grid(self) -> bool:
        """Whether every point of the space is tried once."""
        return isinstance(self.sampler, Grid)

    def points(self) -> Iterator[dict[str, Any]]:
        """Every point of a grid, each key of the space that applies with the name of its choice, or its number.

        The last key changes first.
        """
        yield from _points(self.space, tuple(self.space), {})

    def num_points(self) -> int:
        """How many there are, up to one more than `MAX_POINTS`."""
        return sum(1 for _, _ in zip(self.points(), range(MAX_POINTS + 1), strict=False))


def applies(space: Mapping[str, Distribution], key: str, chosen: Mapping[str, Any]) -> bool:
    """Whether a key applies where these choices were made."""
    return all(
        other in chosen and any(same(chosen[other], name) for name in names) for other, names in space[key].when.items()
    )


def _points(
    space: Mapping[str, Distribution], keys: tuple[str, ...], chosen: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    if not keys:
        yield dict(chosen)
        return
    key, *rest = keys
    if not applies(space, key, chosen):
        yield from _points(space, tuple(rest), chosen)
        return
    for point in space[key].points():
        yield from _points(space, tuple(rest), {**chosen, key: point})


def space_problems(space: Mapping[str, Distribution]) -> Iterator[Problem]:
    """What is wrong among the keys of a space: conditions that cannot be met."""
    above: dict[str, Distribution] = {}
    for key, each in space.items():
        for other, names in each.when.items():
            yield from (problem.under((key, "when")) for problem in _condition(other, names, space, above))
        above[key] = each


def _condition(
    other: str, names: tuple[Name, ...], space: Mapping[str, Distribution], above: Mapping[str, Distribution]
) -> Iterator[Problem]:
    found = space.get(other)
    if found is None:
        choices = [key for key, each in above.items() if isinstance(each, Choices)]
        hint = did_you_mean(other, choices) or f"; 'when' asks for a choice above it: {one_of(choices)}"
        yield Problem((other,), f"'{other}' is no key of the space{hint}", at="key")
    elif not isinstance(found, Choices):
        yield Problem((other,), f"'{other}' is no choice: 'when' asks for one of 'choices' by its name", at="key")
    elif other not in above:
        yield Problem((other,), f"'{other}' is chosen later: write it above the key that asks for it", at="key")
    else:
        unknown = (name for name in names if not any(same(name, known) for known in found.names))
        listed = [_word(name) for name in found.names]
        for name in unknown:
            hint = did_you_mean(_word(name), listed) or f"; it is one of {', '.join(listed)}"
            yield Problem((other,), f"'{other}' has no choice '{_word(name)}'{hint}")


def _word(name: Name) -> str:
    return name if isinstance(name, str) else shown(name)


def sampler_problems(sampler: SamplerSpec, space: Mapping[str, Distribution]) -> Iterator[Problem]:
    """What a sampler cannot draw; places are in the sweep."""
    numbers = {key: each for key, each in space.items() if isinstance(each, Numbers)}
    if isinstance(sampler, Grid):
        for key, each in numbers.items():
            if each.count is None:
                hint = "list the values" if each.logarithmic else "give a 'step', or list the values"
                yield Problem(
                    ("space", key), f"a grid has points, and between these ends there is no end of them: {hint}"
                )
    always = [key for key, each in numbers.items() if not each.when]
    if isinstance(sampler, Cmaes) and len(always) < 2:
        message = f"searches two numbers or more that every trial has, and the space has {len(always) or 'none'}"
        yield Problem(("sampler",), f"cmaes {message}; 'tpe' is for choices, too")
