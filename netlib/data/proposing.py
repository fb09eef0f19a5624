"""Chooses the steps of columns by their values, where a config says `auto`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from netlib.data.arrays import Array, Arrays
from netlib.spec.features import PreprocessingSpec
from netlib.spec.pipeline import Pipeline, Steps
from netlib.spec.preprocessing.categories import OneHot
from netlib.spec.preprocessing.numbers import Impute, Standardize

MOST_CATEGORIES = 64
"""Texts of which there are more are told apart only by their most frequent ones."""


def proposed(pipeline: Pipeline, samples: Arrays) -> tuple[dict[str, Steps], tuple[str, ...]]:
    """The steps of the columns for which they are to be chosen, and what is to be said of it.

    Numbers are brought to mean 0 and deviation 1, missing ones are the median before that, 0 and 1 stay as they are; each of the
    most frequent texts gets a column.

    Args:
        pipeline: names the columns.
        samples: those of the training split.
    """
    chosen, notes = {}, []
    for name in pipeline.auto:
        values: Any = samples.inputs[name]
        steps, why = _of_texts(values) if isinstance(values, pl.Series) else _of_numbers(values)
        chosen[name] = steps
        notes.append(f"column '{name}': {' and '.join(_written(steps)) or 'as it is'} ({why})")
    return chosen, tuple(notes)


def _of_numbers(values: Array) -> tuple[Steps, str]:
    missing = int(np.isnan(values).sum()) if values.dtype.kind == "f" else 0
    least, most = np.nanmin(values), np.nanmax(values)
    impute = (_step(Impute),) if missing else ()
    told = f"{missing} missing, " if missing else ""
    if least == most:
        return (*impute, _step(Standardize)), f"{told}the others are all {least:g}: it says nothing"
    if least >= 0 and most <= 1 and np.isin(values[~np.isnan(values)] if missing else values, (0, 1)).all():
        return impute, f"{told}0 and 1"
    return (*impute, _step(Standardize)), f"{told}from {least:g} to {most:g}"


def _of_texts(values: pl.Series) -> tuple[Steps, str]:
    count = values.n_unique()
    told = f"{values.null_count()} missing, " if values.null_count() else ""
    if count <= MOST_CATEGORIES:
        return (_step(OneHot),), f"{told}{count} categories"
    return (_step(OneHot, maximum=MOST_CATEGORIES),), f"{told}{count} categories, most of them told apart as unknown"


def _step(kind: type[PreprocessingSpec], **parameters: Any) -> PreprocessingSpec:
    return kind.parse(parameters)


def _written(steps: Steps) -> Iterator[str]:
    for step in steps:
        given: dict[str, Any] = step.model_dump(exclude_defaults=True)
        yield f"{step.type_name()}: {given}" if given else step.type_name()
