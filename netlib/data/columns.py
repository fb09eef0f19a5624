"""The columns of samples, one number, text or time a sample each, and how they are called."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from netlib.data.arrays import Array, Values
from netlib.spec.pipeline import Learned, Pipeline
from netlib.spec.preprocessing.categories import CATEGORIES

Names = Callable[[str, int], list[str]]
"""Gives, of an input and the length of its last axis, how its columns are called."""
MOST_COLUMNS = 1024
"""An array that is wider is no table: its columns are not looked at one by one."""
MOST_SHOWN = 40
"""Columns of an array that a person looks at one by one."""


def single_columns(arrays: Mapping[str, Values]) -> Iterator[tuple[str, Values]]:
    """Name and values, of one axis, of each column: `age`, or `features[3]` of an array of several."""
    for name, values in arrays.items():
        if not isinstance(values, np.ndarray) or values.ndim == 1:
            yield name, values
        elif values.ndim == 2 and values.shape[1] == 1:
            yield name, values[:, 0]
        elif values.ndim == 2 and values.shape[1] <= MOST_COLUMNS:
            yield from zip(numbered(name, values.shape[1]), values.T, strict=True)


def is_table(values: Values) -> bool:
    """Whether it is an array of a few columns; integers side by side are rather a text."""
    if not isinstance(values, np.ndarray):
        return False
    return values.ndim == 2 and values.dtype.kind == "f" and 1 < values.shape[1] <= MOST_SHOWN


def sampled(values: Array, most: int) -> Array:
    """Every so many of the samples, as evenly as can be, so that they have at most `most` numbers, but for one sample."""
    rows = max(1, most // max(1, values[:1].size))
    return values[:: max(1, -(-len(values) // rows))]


def names_of_axis(pipeline: Pipeline, learned: Learned, name: str, width: int) -> list[str]:
    """How the indices of the last axis of a ready input are called: by the columns that it is joined of, else by number."""
    if name in pipeline.raw.joins:
        apart = replace(pipeline, raw=replace(pipeline.raw, joins={})).signature(learned).inputs
        widths = {part: apart[part].as_column().tensor.shape[-1] or 0 for part in pipeline.raw.joins[name]}
        if sum(widths.values()) == width:
            return [called for part, wide in widths.items() for called in _names(part, wide, learned)]
    return numbered(name, width)


def _names(column: str, width: int, learned: Learned) -> list[str]:
    """The column itself, or the parts that a step has made of it: of categories, `city=Rome`."""
    if width == 1:
        return [column]
    last = learned[column][-1] if learned.get(column) else {}
    known = [f"{column}={category}" for category in last.get(CATEGORIES, ())]
    return [f"{column}=?", *known] if known and len(known) + 1 == width else numbered(column, width)


def numbered(name: str, width: int) -> list[str]:
    """`features[0]` and so on."""
    return [f"{name}[{i}]" for i in range(width)]


def listed(texts: list[str], most: int = 5) -> str:
    """`a, b, c`, or with `and 7 more` behind the first ones.

    >>> listed(["a", "b", "c", "d"], most=2)
    'a, b and 2 more'
    """
    if len(texts) <= most:
        return ", ".join(texts)
    return f"{', '.join(texts[:most])} and {len(texts) - most} more"
