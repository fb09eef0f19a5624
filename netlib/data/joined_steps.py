"""Columns that are joined to one input and go through the same steps: all at once, for one by one they take Python's time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from netlib.data.arrays import Array, Values
from netlib.data.steps import step_of
from netlib.spec.features import PreprocessingSpec

Chain = Sequence[tuple[PreprocessingSpec, Any]]
"""The steps of a column, each with what it learned."""


def at_once(chains: Sequence[Chain], columns: Sequence[Values]) -> Array | None:
    """The columns side by side, float32, to the bit as each by itself; None where they cannot be done together."""
    first, *others = chains
    specs = [spec for spec, _ in first]
    if not specs or not others or any([spec for spec, _ in chain] != specs for chain in others):
        return None
    numbers = [each for each in columns if isinstance(each, np.ndarray) and each.shape[1:] in ((), (1,))]
    alike = len(numbers) == len(columns) and len({each.dtype for each in numbers}) == 1
    learned = [_side_by_side([chain[place][1] for chain in chains]) for place in range(len(specs))]
    of_each = [each for each in learned if each is not None]
    if not alike or len(of_each) < len(specs) or not all(step_of(spec).by_number for spec in specs):
        return None
    values = np.concatenate([each.reshape(-1, 1) for each in numbers], axis=1)
    for spec, found in zip(specs, of_each, strict=True):
        values = step_of(spec).apply(spec, found, values)
    return values


def _side_by_side(learned: Sequence[Any]) -> dict[str, Array] | None:
    """What a step learned of each column, in one array; None where that is not one number each."""
    if any(not isinstance(value, np.ndarray) or value.size != 1 for each in learned for value in each.values()):
        return None
    return {key: np.concatenate([each[key].reshape(1) for each in learned]) for key in learned[0]}
