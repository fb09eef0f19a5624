"""The lengths to which batches of samples of like length are cut, as a config has them under `data.buckets`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Annotated, Any, Self

from pydantic import Field, PlainSerializer, PlainValidator, model_validator

from netlib.spec.base import Spec, as_validation_error
from netlib.spec.errors import Loc, Problem, SpecError, did_you_mean
from netlib.spec.features import Feature
from netlib.spec.pipeline import Pipeline
from netlib.spec.types import Lengths, Texts

MOST = 8
"""Buckets at most: each is compiled by itself."""


class Buckets(Spec):
    """Lengths, in rising order; longer samples than the last go into a bucket of the whole length."""

    shorthand = "lengths"
    lengths: Lengths = Field(
        min_length=1, max_length=MOST, description="Places of a row in each bucket.", examples=[[32, 64, 128]]
    )
    of: Annotated[Texts, Field(min_length=1)] | None = Field(
        None,
        description="Inputs and targets that are padded with zeros at their end; by default those of which a step, such as"
        " Tokenize, makes rows of one length.",
    )

    @classmethod
    def type_name(cls) -> str:
        """The key under which it stands."""
        return "buckets"

    @model_validator(mode="after")
    def _rises(self) -> Self:
        for place, (before, length) in enumerate(pairwise(self.lengths), start=1):
            if length <= before:
                problem = Problem(("lengths", place), f"{length} stands behind {before}: lengths rise")
                raise as_validation_error([problem])
        return self

    def loc(self, *keys: int | str) -> Loc:
        """Where a parameter of it is written, under `data`."""
        return ("buckets", *keys) if self.of is not None or keys[:1] != ("lengths",) else ("buckets", *keys[1:])


def _parsed(value: Any) -> Buckets | None:
    if value is None or isinstance(value, Buckets):
        return value
    try:
        return Buckets.parse(value)
    except SpecError as error:
        short = not isinstance(value, Mapping)
        raise as_validation_error(
            [
                replace(each, loc=each.loc[1:]) if short and each.loc[:1] == ("lengths",) else each
                for each in error.problems
            ]
        ) from None


def _written(given: Buckets | None) -> Any:
    if given is None:
        return None
    return list(given.lengths) if given.of is None else given.to_plain()


BucketsField = Annotated[
    Any,
    PlainValidator(_parsed, json_schema_input_type=Lengths | Buckets | None),
    PlainSerializer(_written, return_type=Any),
]
"""`[32, 64]`, `{of: [tokens], lengths: [32, 64]}` or None."""


@dataclass(frozen=True)
class Bucketed:
    """What is cut to which lengths; the last is the whole length."""

    names: tuple[str, ...]
    lengths: tuple[int, ...]

    def cut(self, features: Mapping[str, Feature], length: int) -> dict[str, Feature]:
        """Inputs or targets as they are in the bucket of that length."""
        return {
            name: replace(each, tensor=replace(each.tensor, shape=(None, length, *each.tensor.shape[2:])))
            if name in self.names
            else each
            for name, each in features.items()
        }


def bucketed(buckets: Buckets, pipeline: Pipeline) -> Bucketed:
    """What of the data is cut, and to which lengths.

    Raises:
        SpecError: nothing is padded, or the lengths are not those of what is; places are under `data`.
    """
    known = pipeline.signature()
    features = {**known.inputs, **known.targets}
    problems = list(_unknown(buckets, features))
    if problems:
        raise SpecError(problems, "data")
    names = buckets.of or tuple(name for name in features if pipeline.steps.get(name) and pipeline.steps[name][-1].pads)
    if pipeline.auto and not names:
        message = (
            "what pads an input is not known where its steps are chosen (auto): give it its step, such as Tokenize"
        )
        raise SpecError([Problem(buckets.loc(), message)], "data")
    if not names:
        form = f"{{of: [{', '.join(known.inputs)}], lengths: [{', '.join(map(str, buckets.lengths))}]}}"
        message = f"no step pads an input: where samples are padded already, name the inputs, as in {form}"
        raise SpecError([Problem(buckets.loc(), message)], "data")
    whole = _length(buckets, {name: features[name] for name in names})
    for place, length in enumerate(buckets.lengths):
        if length > whole:
            message = (
                f"{length} is more than '{names[0]}' has places ({whole}): the last bucket has that length at most"
            )
            raise SpecError([Problem(buckets.loc("lengths", place), message)], "data")
    lengths = buckets.lengths if buckets.lengths[-1] == whole else (*buckets.lengths, whole)
    if len(lengths) > MOST:
        message = f"with one of the whole length ({whole}) there are {len(lengths)} buckets, expected {MOST} at most"
        raise SpecError([Problem(buckets.loc(), message)], "data")
    return Bucketed(names, lengths)


def _unknown(buckets: Buckets, features: Mapping[str, Feature]) -> Iterator[Problem]:
    for place, name in enumerate(buckets.of or ()):
        if name not in features:
            hint = did_you_mean(name, features) or f" (there is: {', '.join(features)})"
            yield Problem(buckets.loc("of", place), f"the data has no input or target '{name}'{hint}")
        elif len(features[name].tensor.shape) < 2:
            yield Problem(buckets.loc("of", place), f"'{name}' is {features[name].tensor}: it has no places to cut")


def _length(buckets: Buckets, features: Mapping[str, Feature]) -> int:
    """The one length of all of them."""
    found = {name: feature.tensor.shape[1] for name, feature in features.items()}
    whole = next(iter(found.values()))
    if whole is None or len(set(found.values())) > 1:
        shown = ", ".join(f"'{name}' has {length or 'an unknown number of'} places" for name, length in found.items())
        message = f"what is cut has one length, but {shown}; name what is padded (of), or pad it to the same length"
        raise SpecError([Problem(buckets.loc(), message)], "data")
    return whole
