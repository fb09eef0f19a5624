"""What the preprocessing gives, how the classes are spread over the splits, and single samples before and behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from netlib.data.anomalies import MOST_CLASSES
from netlib.data.arrays import Array, Arrays, Values
from netlib.data.columns import Names, is_table, numbered
from netlib.data.looking import time_text
from netlib.data.streaming import Samples
from netlib.spec.looks import ClassLook, ReadyLook, SampleLook
from netlib.spec.pipeline import Pipeline

if TYPE_CHECKING:
    from netlib.data.load import Splits

Kind = TypeVar("Kind", bound=Samples)

MOST_VALUES = 64
"""Numbers of a sample that are given one by one."""


def parts_of(splits: Splits[Kind]) -> dict[str, Kind]:
    """The splits that there are, by name."""
    found = {"train": splits.train, "validation": splits.validation, "test": splits.test}
    return {name: part for name, part in found.items() if part is not None}


def ready(splits: Splits[Arrays], pipeline: Pipeline) -> Iterator[ReadyLook]:
    """Inputs and targets, each behind the columns that it is joined of, if any of them has steps."""
    steps = {name: tuple(map(_written, given)) for name, given in splits.preprocessing.specs().items()}
    for name, values in splits.train.inputs.items():
        columns = pipeline.raw.joins.get(name, ())
        if any(map(steps.get, columns)):
            yield from (ReadyLook(column, "input", name, steps.get(column, ())) for column in columns)
        yield _ready(name, "input", values, steps.get(name, ()))
    for name, values in splits.train.targets.items():
        yield _ready(name, "target", values, steps.get(name, ()))


def _ready(name: str, role: Any, values: Array, steps: tuple[str, ...]) -> ReadyLook:
    shape = values.shape[1:]
    return ReadyLook(name, role, "", steps, shape, values.dtype.name, float(values.min()), float(values.max()))


def _written(step: Any) -> str:
    from netlib.spec.schema.words import value_in_words

    given = {key: value for key, value in step.to_plain().items() if key in step.model_fields_set}
    return f"{step.type_name()}: {value_in_words(given)}" if given else step.type_name()


def classes(splits: Splits[Arrays]) -> dict[str, tuple[ClassLook, ...]]:
    """Of every target that is a class, the classes and their samples in each split."""
    found = {}
    for name, feature in splits.signature.targets.items():
        if not feature.is_label:
            continue
        counts = {split: _counts(part.targets[name]) for split, part in parts_of(splits).items()}
        numbers = sorted({*range(feature.num_classes or 0), *(each for of in counts.values() for each in of)})
        if not feature.num_classes and len(numbers) > MOST_CLASSES:
            continue
        called = dict(enumerate(feature.class_names))
        found[name] = tuple(
            ClassLook(number, called.get(number, ""), {split: of.get(number, 0) for split, of in counts.items()})
            for number in numbers
        )
    return found


def _counts(labels: Array) -> dict[int, int]:
    numbers, counts = np.unique(labels, return_counts=True)
    return dict(zip(map(int, numbers), map(int, counts), strict=True))


def rows(raw: Arrays, made: Arrays, count: int, names: Names) -> Iterator[SampleLook]:
    """The first samples of a split, before and behind the preprocessing.

    Args:
        raw: the samples as the source gives them.
        made: the same, preprocessed.
        count: how many.
        names: gives, of an input and the length of its last axis, how its columns are called.
    """
    weights = {} if raw.weights is None else {"weights": raw.weights}
    for i in range(min(count, len(raw))):
        before = _sample({**raw.inputs, **raw.targets, **weights}, i, numbered)
        yield SampleLook(raw.row(i), before, _sample({**made.inputs, **made.targets}, i, names))


def _sample(arrays: Mapping[str, Values], i: int, names: Names) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, values in arrays.items():
        if isinstance(values, np.ndarray) and is_table(values):
            found |= dict(zip(names(name, values.shape[1]), map(_number, values[i]), strict=True))
        else:
            found[name] = _value(values, i)
    return found


def _value(values: Values, i: int) -> Any:
    if not isinstance(values, np.ndarray):
        found = values[i]
        return found if found is None or isinstance(found, str) else time_text(found)
    sample = values[i]
    if sample.size > MOST_VALUES or sample.ndim > 1:
        return {"shape": list(sample.shape), "low": _number(sample.min()), "high": _number(sample.max())}
    return [_number(each) for each in sample] if sample.size != 1 else _number(sample.reshape(-1)[0])


def _number(value: Any) -> float | int | None:
    """None where it is missing; a float32 has the digits by which it is told apart, no more."""
    if value.dtype.kind != "f":
        return int(value)
    return None if np.isnan(value) else float(str(value))
