"""Steps over categories."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from netlib.data.arrays import Array, Values
from netlib.data.steps.step import Learned, Step
from netlib.spec.errors import NetlabError
from netlib.spec.features import PreprocessingSpec
from netlib.spec.preprocessing.categories import CATEGORIES, Labels, Lookup, OneHot


def as_texts(values: Values) -> pl.Series:
    """Texts as they are; integers as their digits, a missing number as null."""
    if isinstance(values, pl.Series):
        return values.cast(pl.String())
    flat = pl.Series(values.reshape(len(values))).fill_nan(None) if values.dtype.kind == "f" else pl.Series(values)
    whole = flat.cast(pl.Int64(), strict=False)
    return pl.select(pl.when(whole == flat).then(whole.cast(pl.String())).otherwise(flat.cast(pl.String()))).to_series()


def _by_frequency(spec: OneHot | Lookup, values: Values) -> dict[str, Any]:
    if spec.categories is not None:
        return {CATEGORIES: spec.categories}
    counts = as_texts(values).drop_nulls().alias("text").value_counts(sort=False)
    ordered = counts.sort(["count", "text"], descending=[True, False])["text"]
    return {CATEGORIES: tuple(ordered.to_list()[: spec.maximum])}


def _numbers(learned: Learned, values: Values) -> Array:
    """Of the categories, from 1 on; 0 for what is none of them."""
    categories = list(learned[CATEGORIES])
    numbers = pl.Series(range(1, len(categories) + 1), dtype=pl.Int32())
    found = as_texts(values).replace_strict(categories, numbers, default=0, return_dtype=pl.Int32())
    return found.fill_null(0).to_numpy()


def _one_hot(spec: OneHot, learned: Learned, values: Values) -> Array:
    width = (spec.known(learned) or 0) + 1
    result = np.zeros((len(values), width), np.float32)
    result[np.arange(len(values)), _numbers(learned, values)] = 1
    return result


def _classes(spec: Labels, values: Values) -> dict[str, Any]:
    if spec.classes is not None:
        return {CATEGORIES: spec.classes}
    found = as_texts(values).drop_nulls().unique().to_list()
    numbers = not isinstance(values, pl.Series)
    return {CATEGORIES: tuple(sorted(found, key=float if numbers else None))}


def _labels(_spec: Labels, learned: Learned, values: Values) -> Array:
    numbers = _numbers(learned, values)
    if (numbers == 0).any():
        texts = as_texts(values)
        wrong = int((numbers == 0).argmax())
        known = ", ".join(map(repr, learned[CATEGORIES][:10]))
        what = "no class" if texts[wrong] is None else f"the class {texts[wrong]!r}"
        count = int((numbers == 0).sum())
        raise NetlabError(f"row {wrong} has {what}, which is none of those to train on ({known}); {count} such rows")
    return numbers - 1


STEPS: dict[type[PreprocessingSpec], Step] = {
    OneHot: Step((CATEGORIES,), _by_frequency, _one_hot),
    Lookup: Step((CATEGORIES,), _by_frequency, lambda _spec, learned, values: _numbers(learned, values)),
    Labels: Step((CATEGORIES,), _classes, _labels),
}
