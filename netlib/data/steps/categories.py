"""Steps over categories."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import numpy as np
import polars as pl

from netlib.data.arrays import Array, Values
from netlib.data.portions import Portions
from netlib.data.row_error import RowError
from netlib.data.steps.counting import Counts
from netlib.data.steps.step import Learned, Step, nothing
from netlib.spec.features import PreprocessingSpec
from netlib.spec.preprocessing.categories import CATEGORIES, Hash, Labels, Lookup, OneHot, as_text


def as_texts(values: Values) -> pl.Series:
    """Texts as they are; whole numbers as digits, others as the shortest decimal that means them; what is missing as null."""
    if isinstance(values, pl.Series):
        return values.cast(pl.String())
    if values.dtype.kind != "f":
        return pl.Series(values.reshape(len(values))).cast(pl.String())
    # Not by polars, which may come to write them differently: what was learned or hashed of them must stay.
    numbers, places = np.unique(values.reshape(len(values)), return_inverse=True)
    texts = pl.Series([as_text(number) for number in numbers], dtype=pl.String())
    return texts[places] if len(values) else texts


def _by_frequency(spec: OneHot | Lookup, portions: Portions) -> dict[str, Any]:
    if spec.categories is not None:
        return {CATEGORIES: spec.categories}
    counts = Counts()
    for values in portions:
        counts.add(as_texts(values))
    return {CATEGORIES: tuple(counts.by_frequency()[: spec.maximum].to_list())}


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


def _classes(spec: Labels, portions: Portions) -> dict[str, Any]:
    if spec.classes is not None:
        return {CATEGORIES: spec.classes}
    found: set[str] = set()
    numbers = False
    for values in portions:
        found.update(as_texts(values).drop_nulls().unique().to_list())
        numbers = isinstance(values, np.ndarray)
    return {CATEGORIES: tuple(sorted(found, key=float if numbers else None))}


def _labels(_spec: Labels, learned: Learned, values: Values) -> Array:
    numbers = _numbers(learned, values)
    if (numbers == 0).any():
        wrong = int((numbers == 0).argmax())
        found = as_texts(values[wrong : wrong + 1])[0]
        what = "no class" if found is None else f"the class {found!r}"
        count = int((numbers == 0).sum())
        more = f"; {count} rows have such" if count > 1 else ""
        raise RowError(wrong, f"has {what}, which is none of those to train on ({_shown(learned[CATEGORIES])}){more}")
    return numbers - 1


def _shown(categories: Sequence[str], limit: int = 10) -> str:
    more = f" and {len(categories) - limit} more" if len(categories) > limit else ""
    return ", ".join(map(repr, categories[:limit])) + more


def _hash(spec: Hash, _learned: Learned, values: Values) -> Array:
    texts = as_texts(values)
    found = texts.drop_nulls().unique()
    digests = b"".join([blake2b(text.encode(), digest_size=8).digest() for text in found.to_list()])
    numbers = pl.Series(np.frombuffer(digests, "<u8") % (spec.bins - 1) + 1, dtype=pl.Int32())
    return texts.replace_strict(found, numbers, default=0, return_dtype=pl.Int32()).fill_null(0).to_numpy()


STEPS: dict[type[PreprocessingSpec], Step] = {
    OneHot: Step((CATEGORIES,), _by_frequency, _one_hot),
    Lookup: Step((CATEGORIES,), _by_frequency, lambda _spec, learned, values: _numbers(learned, values)),
    Hash: Step((), nothing, _hash),
    Labels: Step((CATEGORIES,), _classes, _labels),
}
