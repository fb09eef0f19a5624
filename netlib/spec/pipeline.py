"""From the columns of a source to the inputs of a network: which steps each goes through, and what that makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, Self

from pydantic import PlainSerializer, PlainValidator

from netlib.spec.base import Spec, as_validation_error, shown
from netlib.spec.choice import Choice, parse_choice
from netlib.spec.errors import Problem, SpecError, did_you_mean
from netlib.spec.features import DataSignature, Feature, PreprocessingSpec, joined
from netlib.spec.misfits import REST, misfits

AUTO = "auto"


def _steps(value: Any) -> tuple[Spec, ...] | str:
    """One step or a list of them, or `auto`."""
    if value == AUTO:
        return AUTO
    items = value if isinstance(value, list | tuple) else [value]
    steps: list[Spec] = []
    problems: list[Problem] = []
    for i, item in enumerate(items):
        try:
            steps.append(parse_choice("preprocessing", item))
        except SpecError as error:
            problems += [problem.under((i,)) if items is value else problem for problem in error.problems]
    if problems:
        raise as_validation_error(problems)
    return tuple(steps)


def _mapping(value: Any) -> dict[str, Any]:
    """`auto` is short for `{'*': auto}`."""
    if value == AUTO:
        return {REST: AUTO}
    if not isinstance(value, Mapping):
        raise ValueError(f"expected a mapping from input or column to steps, or '{AUTO}', got {shown(value)}")
    found, problems = {}, []
    for key, steps in value.items():
        if not isinstance(key, str):
            problems.append(Problem((key,), f"expected the name of an input or column, got {shown(key)}", at="key"))
            continue
        try:
            found[key] = _steps(steps)
        except ValueError as error:
            from netlib.spec.base import problems_of

            problems += [problem.under((key,)) for problem in problems_of(error)]  # type: ignore[arg-type]
    if problems:
        raise as_validation_error(problems)
    return found


Steps = tuple[PreprocessingSpec, ...]
"""Of one column or input, in the order in which they are applied."""

_Step = Annotated[PreprocessingSpec, Choice("preprocessing")]
Preprocess = Annotated[
    dict[str, Any],
    PlainValidator(_mapping, json_schema_input_type=Literal["auto"] | dict[str, Literal["auto"] | _Step | list[_Step]]),
    PlainSerializer(lambda given: {name: _written(steps) for name, steps in given.items()}),
]
"""Column or input, or `*` -> its steps, or `auto`."""


def _written(steps: Any) -> Any:
    return steps if steps == AUTO else [step.to_choice() for step in steps]


Learned = Mapping[str, Sequence[Mapping[str, Any]]]
"""Column, input or target -> what each of its steps learned."""


@dataclass(frozen=True)
class Pipeline:
    """What each column and input goes through, and in between, which columns are joined to an input.

    Attributes:
        raw: what the source gives.
        steps: column, input or target -> steps.
        auto: columns whose steps are chosen by their values, of the training split.
        rest: columns that have their steps from `*`.
        unknown: names that are written, but that nothing has.
    """

    raw: DataSignature
    steps: Mapping[str, Steps]
    auto: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @classmethod
    def of(cls, written: Mapping[str, Any], raw: DataSignature) -> Self:
        """What a config's `preprocess` means for a source. A target of texts is made numbers of classes by default."""
        named = [*raw.inputs, *raw.joins, *raw.targets]
        steps = {name: given for name, given in written.items() if name in named}
        rest = tuple(name for name in raw.inputs if name not in steps) if REST in written else ()
        steps |= dict.fromkeys(rest, written.get(REST))
        for name, feature in raw.targets.items():
            if feature.kind == "text" and name not in {**steps, **raw.steps}:
                steps[name] = (parse_choice("preprocessing", "Labels"),)
        for name, own in raw.steps.items():
            steps[name] = own if steps.get(name) == AUTO else (*own, *steps.get(name, ()))
        auto = tuple(name for name, given in steps.items() if given == AUTO)
        unknown = tuple(name for name in written if name not in named and name != REST)
        return cls(raw, {name: given for name, given in steps.items() if given != AUTO}, auto, rest, unknown)

    def with_steps(self, chosen: Mapping[str, Steps]) -> Self:
        """With what was chosen where that is asked for."""
        return replace(self, steps={**self.steps, **chosen}, auto=())

    def problems(self, source: str) -> Iterator[Problem]:
        """What cannot be."""
        for name in self.unknown:
            known = [*self.raw.inputs, *self.raw.joins]
            noun = "input or column" if self.raw.joins else "input"
            hint = did_you_mean(name, known) or f" (it has: {', '.join(known[:20])})"
            yield Problem(("preprocess", name), f"source '{source}' has no {noun} '{name}'{hint}", at="key")
        for name in self.auto:
            if name in self.raw.joins or name in self.raw.targets:
                what = f"'{name}' is {'joined of columns' if name in self.raw.joins else 'a target'}"
                message = f"{what}, but '{AUTO}' chooses the steps of columns: name them, or '{REST}' for all"
                yield Problem(("preprocess", name), message, at="key")
        yield from misfits(self)

    def fills(self, name: str) -> bool:
        """Whether missing values of a column are none behind its steps, or behind those of the input that it is joined to."""
        used = [name, *(join for join, parts in self.raw.joins.items() if name in parts)]
        return name in self.auto or any(step.fills for each in used for step in self.steps.get(each, ()))

    def signature(self, learned: Learned | None = None) -> DataSignature:
        """Of what the network reads; without what the steps learned, as far as it is known before the fit."""
        columns = {name: self.after(name, feature, learned) for name, feature in self.raw.inputs.items()}
        inputs = {
            name: self.after(name, feature, learned) if name in self.raw.joins else feature
            for name, feature in by_input(self.raw.joins, columns, joined).items()
        }
        targets = {name: self.after(name, feature, learned) for name, feature in self.raw.targets.items()}
        return DataSignature(inputs, targets, self.raw.samples)

    def after(self, name: str, feature: Feature, learned: Learned | None = None) -> Feature:
        """What the steps of a column, input or target make of it."""
        if name in self.auto:
            known = feature.kind == "numbers"  # of which there are not more or fewer behind steps that are chosen
            shape = feature.as_column().tensor.shape if known else (None, None)
            return Feature(replace(feature.tensor, shape=shape, dtype="float32"))
        for number, step in enumerate(self.steps.get(name, ())):
            feature = step.feature(feature, learned[name][number] if learned else None)
        return feature


def by_input(
    joins: Mapping[str, tuple[str, ...]], columns: Mapping[str, Any], join: Callable[[list[Any]], Any]
) -> dict[str, Any]:
    """The inputs, in the order in which the first column of each comes; several columns are joined to one."""
    member = {column: name for name, parts in joins.items() for column in parts}
    inputs: dict[str, Any] = {}
    for column, found in columns.items():
        name = member.get(column)
        if name is None:
            inputs[column] = found
        elif name not in inputs:
            inputs[name] = join([columns[part] for part in joins[name]])
    return inputs
