"""What is wrong with the steps of a `Pipeline`: they cannot take their column, or what they make of it is no use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from netlib.spec.errors import Problem, SpecError, one_of
from netlib.spec.features import Feature, PreprocessingSpec, joined
from netlib.spec.tensors import show

if TYPE_CHECKING:
    from netlib.spec.pipeline import Pipeline

REST = "*"
"""Stands for all columns that are not named."""
_NAME = "\0"
"""Stands for the name of the column in what is said of it."""


@dataclass(frozen=True)
class _Misfit:
    """A step that does not fit: `text` is said of one column, `several` of many, before they are listed."""

    number: int | None
    text: str
    several: str
    at: Literal["value", "key"] = "value"


def misfits(pipeline: Pipeline) -> Iterator[Problem]:
    """Every column is looked at up to its first mistake; columns that have it from `*` are named together."""
    raw = pipeline.raw
    wrong = {name: found for name, given in raw.inputs.items() if (found := _misfit(pipeline, name, given))}
    fine = {name: pipeline.after(name, given) for name, given in raw.inputs.items() if name not in wrong}
    for join, parts in raw.joins.items():
        wrong |= {part: found for part in parts if part in fine and (found := _unjoinable(pipeline, part, fine, join))}
    for name, feature in raw.targets.items():
        if found := _misfit(pipeline, name, feature):
            wrong[name] = found
    for name, parts in raw.joins.items():
        if all(part in fine for part in parts) and (
            found := _misfit(pipeline, name, joined([fine[part] for part in parts]))
        ):
            wrong[name] = found
    yield from _said(pipeline, wrong)
    yield from _without_numbers(pipeline, {name: each for name, each in fine.items() if name not in wrong}, wrong)


def _said(pipeline: Pipeline, wrong: dict[str, _Misfit]) -> Iterator[Problem]:
    together: dict[_Misfit, list[str]] = {}
    for name, found in wrong.items():
        if name in pipeline.rest:
            together.setdefault(found, []).append(name)
        else:
            yield _problem(name, found, found.text.replace(_NAME, name))
    for found, names in together.items():
        message = f"{found.several}: {listed(names)}; give them steps of their own"
        yield _problem(REST, found, message if len(names) > 1 else found.text.replace(_NAME, names[0]))


def _problem(key: str, found: _Misfit, message: str) -> Problem:
    place = ("preprocess", key) if found.number is None else ("preprocess", key, found.number)
    return Problem(place, message, at=found.at)


def _misfit(pipeline: Pipeline, name: str, feature: Feature) -> _Misfit | None:
    """The first step that cannot take what it gets."""
    own = len(pipeline.raw.steps.get(name, ()))  # those of the source stand in front of those that are written
    for place, step in enumerate(pipeline.steps.get(name, ())):
        number = place - own if place >= own else None
        if found := _role(pipeline, name, step) or _value(number, step, feature):
            return found
        try:
            feature = step.feature(feature)
        except SpecError as error:
            text = "; ".join(problem.message for problem in error.problems)
            return _Misfit(number, text, text)
    return None


def _role(pipeline: Pipeline, name: str, step: PreprocessingSpec) -> _Misfit | None:
    if step.of_targets in (None, name in pipeline.raw.targets):
        return None
    if step.of_targets:
        targets = f"{step.type_name()} is for targets ({one_of(pipeline.raw.targets)})"
        return _Misfit(None, f"{targets}, '{_NAME}' is an input", f"{targets}, but these are inputs", "key")
    text = f"'{_NAME}' is a target; preprocessing is of inputs ({one_of(pipeline.raw.inputs)})"
    return _Misfit(None, text, text, "key")


def _value(number: int | None, step: PreprocessingSpec, feature: Feature) -> _Misfit | None:
    if feature.kind not in step.takes:
        needs = f"{step.type_name()} takes {' or '.join(step.takes)}"
        return _Misfit(
            number, f"{needs}, but '{_NAME}' holds {feature.kind}", f"{needs}, but these columns hold {feature.kind}"
        )
    if step.single and feature.tensor.shape not in ((None,), (None, 1)):
        needs, shape = f"{step.type_name()} takes one value a sample", show(feature.tensor.shape)
        return _Misfit(
            number, f"{needs}, but '{_NAME}' has the shape {shape}", f"{needs}, but these have the shape {shape}"
        )
    return None


def _unjoinable(pipeline: Pipeline, name: str, after: dict[str, Feature], join: str) -> _Misfit | None:
    """A column that its steps make something of that means nothing beside the numbers of other columns."""
    steps, tensor = pipeline.steps.get(name, ()), after[name].tensor
    written = len(steps) - len(pipeline.raw.steps.get(name, ()))
    last = written - 1 if written else None
    apart = f"make an input of its own of it (inputs: {{{join}: [...], {_NAME}: {_NAME}}})"
    if len(tensor.shape) > 2:
        what = f"the shape {show(tensor.shape)}, which cannot stand beside other columns in '{join}'"
        return _Misfit(last, f"'{_NAME}' has {what}: {apart}", f"these columns have {what}")
    if steps and tensor.dtype == "int32":
        what = f"{steps[-1].type_name()} gives numbers that stand for something, but '{join}' takes them as amounts"
        remedy = f"use OneHot{'' if steps[-1].type_name() != 'Bucketize' else ' behind it'}, or {apart}"
        return _Misfit(last, f"'{_NAME}': {what}; {remedy}", f"{what} (use OneHot, or inputs of their own)")
    return None


def _without_numbers(pipeline: Pipeline, after: dict[str, Feature], wrong: dict[str, _Misfit]) -> Iterator[Problem]:
    for kind, remedy in (("text", "OneHot" if pipeline.raw.joins else "{Tokenize: 100}"), ("times", "DateParts")):
        names = [name for name, feature in after.items() if feature.kind == kind]
        if names:
            what = f"column {listed(names)} holds" if len(names) == 1 else f"columns {listed(names)} hold"
            its, they = ("it a step", "it") if len(names) == 1 else ("them steps", "them")
            yield Problem(
                ("preprocess",),
                f"{what} {kind}, of which a network reads nothing: give {its} (preprocess: {{{names[0]}: {remedy}}}),"
                f" or let {they} be chosen (preprocess: auto)",
            )
    for name, feature in pipeline.raw.targets.items():
        found = feature if name in wrong else pipeline.after(name, feature)
        if found.kind != "numbers" and name not in wrong:
            advice = "; Labels makes numbers of its classes" if found.kind == "text" else ""
            yield Problem(("targets",), f"target '{name}' holds {found.kind}, which no network can learn{advice}")


def listed(names: Iterable[str], limit: int = 20) -> str:
    """`'a', 'b' and 5 more`."""
    known = [f"'{name}'" for name in names]
    more = f" and {len(known) - limit} more" if len(known) > limit else ""
    return ", ".join(known[:limit]) + more
