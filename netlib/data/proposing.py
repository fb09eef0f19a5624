"""Chooses the steps of columns by their values, where a config says `auto`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from netlib.data.arrays import Array, Arrays, Values
from netlib.data.steps import step_of
from netlib.data.steps.texts import words_of
from netlib.spec.features import PreprocessingSpec
from netlib.spec.pipeline import Pipeline, Steps
from netlib.spec.preprocessing.categories import OneHot
from netlib.spec.preprocessing.numbers import Impute, Log, Standardize
from netlib.spec.preprocessing.texts import Tokenize
from netlib.spec.preprocessing.times import DateParts

MOST_CATEGORIES = 64
"""Texts of which there are more are told apart only by their most frequent ones."""
FEW_INTEGERS = 10
"""So many different integers may be codes rather than amounts."""
NEARLY_ALL = 0.95
"""Share of different values from which a column seems to name its rows."""
FEWEST_ROWS = 20
"""Of fewer rows it is no wonder that all are different."""
SENTENCE_WORDS = 4
"""So many words on average make texts that are read rather than told apart."""
MOST_PROPOSED_TOKENS = 256
"""In a row of tokens that is proposed."""
SKEWED = 1000
"""Times the median that the largest of positive numbers is where their logarithms are better."""


@dataclass(frozen=True)
class _Column:
    """A column whose steps are chosen: its values to train on, and those of all splits, by which nothing is measured."""

    name: str
    train: Any
    all: Sequence[Any]
    joined: bool


def proposed(
    pipeline: Pipeline, samples: Arrays, held_out: Sequence[Arrays] = ()
) -> tuple[dict[str, Steps], tuple[str, ...]]:
    """The steps of the columns for which they are to be chosen, and what is to be said of it, a line for each.

    Numbers are brought to mean 0 and deviation 1, integers too: they are amounts more often than codes, and as amounts they keep
    their order; where there are few different ones the note says that OneHot tells codes apart. 0 and 1 stay as they are.
    Positive numbers whose largest is more than 1000 times the median are replaced by their logarithms before. Missing
    numbers are the median. Each of the most frequent texts gets a column; where texts are sentences, and an input of their own,
    their words are tokens for an Embedding. Of times the parts that differ become numbers.
    Columns that say nothing, and such as seem to number or name the rows, are kept, and the note advises to leave them out.

    Args:
        pipeline: names the columns.
        samples: those of the training split.
        held_out: those of the other splits, in which values may be missing too.
    """
    joined = {part for parts in pipeline.raw.joins.values() for part in parts}
    chosen, notes = {}, []
    for name in pipeline.auto:
        every = [part.inputs[name] for part in (samples, *held_out)]
        steps, why = _chosen(_Column(name, every[0], every, name in joined))
        chosen[name] = steps
        notes.append(f"column '{name}': {' and '.join(_written(steps)) or 'as it is'} ({why})")
    return chosen, tuple(notes)


def proposed_alone(name: str, values: Values) -> tuple[Steps, str]:
    """The steps of a column that is joined to others, by all of its values, and why."""
    return _chosen(_Column(name, values, [values], joined=True))


def _chosen(column: _Column) -> tuple[Steps, str]:
    if isinstance(column.train, np.ndarray):
        return _of_numbers(column, column.train)
    return _of_texts(column, column.train) if column.train.dtype == pl.String() else _of_times(column, column.train)


def _of_numbers(column: _Column, values: Array) -> tuple[Steps, str]:
    missing = np.isnan(values)
    present = values[~missing] if missing.any() else values.reshape(-1)
    told = _told(values.size - present.size)
    may_miss = any(bool(np.isnan(each).any()) for each in column.all)
    if not present.size:
        return (_step(Impute, by=0.0),), f"all are missing: {_nothing(column)}"
    fills = (_step(Impute),) if may_miss else ()
    least, most = present.min(), present.max()
    if least == most:
        return (*fills, _step(Standardize)), f"{told}always {least:g}: {_nothing(column)}"
    if least >= 0 and most <= 1 and np.isin(present, (0, 1)).all():
        # One integer a sample is not read by any layer but an Embedding, unless it is joined to other columns.
        stays = fills or column.joined or values.dtype.kind == "f"
        return fills if stays else (_step(Standardize),), f"{told}0 and 1"
    if _is_skewed(present) and all(not (each <= 0).any() for each in column.all):
        why = f"{told}from {least:g} to {most:g}, half of them up to {np.median(present):g}"
        return (*fills, _step(Log), _step(Standardize)), why
    return (*fills, _step(Standardize)), f"{told}from {least:g} to {most:g}{_of_integers(column, present)}"


def _is_skewed(present: Array) -> bool:
    return bool(present.min() > 0 and present.max() > SKEWED * float(np.median(present)))


def _of_integers(column: _Column, present: Array) -> str:
    """What is to be said where a column of integers may be something else than amounts."""
    if column.train.size != len(column.train) or (present.dtype.kind == "f" and (present != np.floor(present)).any()):
        return ""
    different = len(np.unique(present))
    if _names_rows(different, len(present)):
        return f", nearly all different: if they number the rows, {_leave_out(column)}"
    return f", {different} integers: if they are codes, OneHot tells them apart" if different <= FEW_INTEGERS else ""


def _of_texts(column: _Column, values: pl.Series) -> tuple[Steps, str]:
    present = values.drop_nulls()
    count, told = present.n_unique(), _told(values.null_count())
    if count < 2 and not (count and values.null_count()):
        what = f"always {present[0]!r}" if count else "all are missing"
        return (_step(OneHot),), f"{what}: {_nothing(column)}"
    if count <= MOST_CATEGORIES and not _names_rows(count, len(present)):
        return (_step(OneHot),), f"{told}{count} {'categories' if count > 1 else 'category'}"
    steps = (_step(OneHot, maximum=MOST_CATEGORIES),) if count > MOST_CATEGORIES else (_step(OneHot),)
    if _names_rows(count, len(present)):
        words = words_of(present).list.len().to_numpy()
        if words.mean() >= SENTENCE_WORDS:
            return _of_sentences(column, steps, words, told)
        return steps, f"{told}{count} texts, nearly all different, say little as categories: {_leave_out(column)}"
    return steps, f"{told}{count} categories, the rarest count as unknown"


def _of_sentences(column: _Column, categories: Steps, words: Array, told: str) -> tuple[Steps, str]:
    what = f"{told}texts of {np.median(words):g} words in the median"
    if column.joined:
        apart = f"as an input of its own (inputs: {{{column.name}: {column.name}, ...}}) its words are tokens for an Embedding"
        return categories, f"{what}, say little as categories: {apart}; or {_leave_out(column)}"
    length = min(int(np.quantile(words, NEARLY_ALL, method="higher")), MOST_PROPOSED_TOKENS)
    return (_step(Tokenize, length=length),), f"{what}, tokens for an Embedding"


def _of_times(column: _Column, values: pl.Series) -> tuple[Steps, str]:
    told = _told(values.null_count())
    present = values.drop_nulls()
    usual = _step(DateParts)
    assert isinstance(usual, DateParts)
    if not len(present):
        return (usual, _step(Impute, by=0.0)), f"all are missing: {_nothing(column)}"
    fills = (_step(Impute),) if any(each.null_count() for each in column.all) else ()
    numbers = step_of(usual).apply(usual, {}, present)
    differ = [part for part, each in zip(usual.parts, numbers.T, strict=True) if each.min() < each.max()]
    least, most = present.min(), present.max()
    if not differ:
        return (usual, *fills, _step(Standardize)), f"{told}always {least!s}: {_nothing(column)}"
    step = usual if tuple(differ) == usual.parts else _step(DateParts, parts=differ)
    return (step, *fills, _step(Standardize)), f"{told}from {least!s} to {most!s}"


def _names_rows(different: int, rows: int) -> bool:
    return rows >= FEWEST_ROWS and different >= NEARLY_ALL * rows


def _nothing(column: _Column) -> str:
    return f"it says nothing; {_leave_out(column)}"


def _leave_out(column: _Column) -> str:
    return f"leave it out (ignore: [{column.name}])" if column.joined else "leave it out"


def _told(missing: int) -> str:
    return f"{missing} missing, " if missing else ""


def _step(kind: type[PreprocessingSpec], **parameters: Any) -> PreprocessingSpec:
    return kind.parse(parameters)


def _written(steps: Steps) -> Iterator[str]:
    for step in steps:
        given: dict[str, Any] = step.model_dump(exclude_defaults=True)
        shown = ", ".join(f"{key}: {_value(value)}" for key, value in given.items())
        yield f"{step.type_name()}: {{{shown}}}" if given else step.type_name()


def _value(value: Any) -> str:
    return f"[{', '.join(map(str, value))}]" if isinstance(value, tuple | list) else f"{value:g}"
