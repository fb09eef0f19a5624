"""Which samples are trained on, validated on and tested on."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

import numpy as np

from netlib.data.arrays import Array, Arrays
from netlib.data.hashing import hashed
from netlib.data.keys import Keys, keys_of
from netlib.data.rows import number_type, rows_where
from netlib.data.stratifying import Order
from netlib.data.undivided import grouped, latest
from netlib.spec.errors import Problem, SpecError
from netlib.spec.features import SplitSpec
from netlib.spec.shares import HELD_OUT, Shares
from netlib.spec.splits import Column, Contiguous, Grouped, Hash, Random, Time


def split(kind: SplitSpec, shares: Shares, arrays: Arrays, seed: int, classes: Array | None = None) -> dict[str, Array]:
    """The samples' numbers, in rising order, of `train`, `validation` and `test`: every sample is in one of them.

    With `classes`, one label a sample, the splits are stratified: of every class each held-out split gets its share, rounded up
    or down, as long as that leaves a sample of the class to train on. A class of one sample is only trained on. Folds have as
    many samples of each class, but for one.

    Raises:
        SpecError: a split would be empty, or the classes have too few samples to stratify by.
        NetlabError: the column that is looked at has missing values.
    """
    chosen = _BY_KIND[type(kind)](kind, shares, arrays, seed, classes)
    trained = np.ones(len(arrays), bool)
    for rows in chosen.values():
        trained[rows] = False
    none = np.empty(0, number_type(len(arrays)))
    return {"train": rows_where(trained), **{name: np.sort(chosen.get(name, none)) for name in HELD_OUT}}


def _random(_: Random, shares: Shares, arrays: Arrays, seed: int, classes: Array | None) -> dict[str, Array]:
    sizes = shares.sizes(len(arrays))
    order = Order(seed, len(arrays), classes)
    if shares.folds is None or shares.fold is None:
        return order.drawn({name: sizes[name] for name in HELD_OUT})
    return order.folded(sizes["test"], shares.folds, shares.fold)


def _contiguous(_: Contiguous, shares: Shares, arrays: Arrays, _seed: int, _classes: Array | None) -> dict[str, Array]:
    sizes = shares.sizes(len(arrays))
    rows = np.arange(len(arrays), dtype=number_type(len(arrays)))
    rest, test = np.split(rows, [len(arrays) - sizes["test"]])
    if shares.folds is None or shares.fold is None:
        return {"validation": rest[sizes["train"] :], "test": test}
    return {"validation": np.array_split(rest, shares.folds)[shares.fold - 1], "test": test}


def _grouped(kind: Grouped, shares: Shares, arrays: Arrays, seed: int, _classes: Array | None) -> dict[str, Array]:
    return grouped(keys_of(kind.by, arrays.beside[kind.by]), shares, seed)


def _by_time(kind: Time, shares: Shares, arrays: Arrays, _seed: int, _classes: Array | None) -> dict[str, Array]:
    return latest(keys_of(kind.by, arrays.beside[kind.by]), shares)


def _hashed(kind: Hash, shares: Shares, arrays: Arrays, seed: int, _classes: Array | None) -> dict[str, Array]:
    return hashed(arrays.inputs if kind.by is None else keys_of(kind.by, arrays.beside[kind.by]), shares, seed)


def _said(kind: Column, _: Shares, arrays: Arrays, _seed: int, _classes: Array | None) -> dict[str, Array]:
    """The splits that a column says."""
    keys = keys_of(kind.column, arrays.beside[kind.column])
    if keys.kind == "times":
        raise _of_column("column", f"column '{kind.column}' holds times; a split is said by texts or integers")
    where = {str(value): name for name, values in kind.values().items() for value in values}
    said = np.array([where.get(text, "") for text in keys.texts()])
    _need_known(kind, keys, said == "")
    for name in kind.says:
        if not (said == name).any():
            listed = " or ".join(map(repr, kind.values()[name]))
            raise _of_column(name, f"no row to {_VERBS[name]} on: column '{kind.column}' has nowhere {listed}")
    return {name: rows_where((said == name)[keys.numbers]) for name in HELD_OUT}


def _need_known(kind: Column, keys: Keys, unknown: Array) -> None:
    """Refuses values, of which each is in some row, that are in no list."""
    if unknown.any():
        rows = unknown[keys.numbers]
        row = int(rows.argmax())
        value = next(islice(keys.texts(), int(keys.numbers[row]), None))
        listed = ", ".join(repr(value) for values in kind.values().values() for value in values)
        what = f"{value!r} in row {row} ({int(rows.sum())} such rows), which is none of those listed ({listed})"
        raise _of_column("column", f"column '{kind.column}' has {what}; list it under train, validation or test")


def _of_column(parameter: str, message: str) -> SpecError:
    return SpecError([Problem(("split", "Column", parameter), message)], "data")


_VERBS = {"train": "train", "validation": "validate", "test": "test"}
_BY_KIND: dict[type[SplitSpec], Callable[[Any, Shares, Arrays, int, Array | None], dict[str, Array]]] = {
    Random: _random,
    Contiguous: _contiguous,
    Grouped: _grouped,
    Time: _by_time,
    Hash: _hashed,
    Column: _said,
}
"""Kind of split -> the rows to validate and to test on."""
