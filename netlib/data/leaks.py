"""Finds columns that say the answer: a target among the inputs, under another name or in another form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from netlib.data.arrays import Array, Values
from netlib.data.columns import sampled, single_columns
from netlib.spec.looks import Anomaly

FEWEST = 20
"""Samples of which chance makes no column that is equal to the target."""
TRIED = 1000
"""Samples that a column is held against the target in first; only what fits there is looked at whole."""
STRAIGHT = 0.9999
"""Correlation from which on two columns are one and the same."""
MOST_TARGETS = 8
"""Columns of a target; one that has more is an image or the like."""


def leaks(inputs: Mapping[str, Values], targets: Mapping[str, Values]) -> Iterator[Anomaly]:
    """One anomaly for each input column that is a target's column, stands for it one to one, or is in proportion to it.

    A target that is a whole input, as an autoencoder has it, is none. Of numbers of which no two are equal, only those in
    proportion are found.
    """
    columns = list(single_columns(inputs))
    for name, values in targets.items():
        if isinstance(values, np.ndarray) and (values[:1].size > MOST_TARGETS or _is_an_input(values, inputs)):
            continue
        for target, answer in single_columns({name: values}):
            for column, found in columns:
                if how := _relation(found, answer):
                    remedy = "leave it out, unless it is known before the answer is"
                    yield Anomaly("leak", f"input column '{column}' {how.format(target=target)}: {remedy}")


def _is_an_input(values: Array, inputs: Mapping[str, Values]) -> bool:
    wide = values[:1].size > 1
    return wide and any(isinstance(each, np.ndarray) and np.array_equal(each, values) for each in inputs.values())


def _relation(column: Values, answer: Values) -> str | None:
    """How the column tells the answer, in words."""
    if len(column) < FEWEST or not _related(_tried(column), _tried(answer)):
        return None
    return _related(column, answer)


def _tried(values: Values) -> Values:
    return sampled(values, TRIED) if isinstance(values, np.ndarray) else values.gather_every(-(-len(values) // TRIED))


def _related(column: Values, answer: Values) -> str | None:
    first, second = _codes(column), _codes(answer)
    values = int(second.max()) + 1
    if values < 2:
        return None
    if values <= len(second) / 2 and int(first.max()) + 1 == values == len(np.unique(first * values + second)):
        return f"tells the target '{{target}}' one to one ({values} values each)"
    if isinstance(column, np.ndarray) and isinstance(answer, np.ndarray):
        correlation = _correlation(column, answer)
        if abs(correlation) >= STRAIGHT:
            return f"is in proportion to the target '{{target}}' (correlation {correlation:.6g})"
    return None


def _codes(values: Values) -> Array:
    """Integers from 0 on, equal where the values are; missing ones are a value of their own."""
    if not isinstance(values, np.ndarray):
        values = values.rank("dense").fill_null(0).to_numpy()
    codes: Array = np.unique(values, return_inverse=True)[1]
    return codes.astype(np.int64)


def _correlation(first: Array, second: Array) -> float:
    """Pearson's, of the rows in which neither is missing; 0 where one of them is constant."""
    pair = np.stack([first, second]).astype(np.float64)
    pair = pair[:, np.isfinite(pair).all(axis=0)]
    if pair.shape[1] < 2:
        return 0.0
    pair -= pair.mean(axis=1, keepdims=True)
    sizes = np.sqrt((pair**2).sum(axis=1))
    return float(pair[0] @ pair[1] / (sizes[0] * sizes[1])) if sizes.all() else 0.0
