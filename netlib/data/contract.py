"""What must be true of the samples before the first step: finite numbers, and labels that fit classes, outputs and embeddings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from netlib.data.arrays import Array, Arrays
from netlib.spec.errors import NetlabError, UsageError


def check_arrays(
    arrays: Arrays,
    *,
    where: str,
    num_classes: Mapping[str, int] | None = None,
    head_units: Mapping[str, int] | None = None,
    vocabulary: Mapping[str, int] | None = None,
    may_miss: frozenset[str] = frozenset(),
) -> None:
    """Refuses samples that would make the training fail, or go wrong without a word. All that is wrong is said at once.

    Args:
        arrays: The samples, before or after preprocessing.
        where: What they are, for the message: `the training split`.
        num_classes: Target -> number of classes that the source states.
        head_units: Target -> units of the output whose loss reads it as labels (1 unit tells 0 and 1 apart).
        vocabulary: Input -> length of the embedding table that it is looked up in.
        may_miss: Inputs that may have missing values, because they are filled in later.

    Raises:
        NetlabError: numbers that are not finite, or labels that are no class of the source.
        UsageError: labels or indices that the network has no unit or row for.
    """
    damaged = [*_not_finite(arrays, may_miss), *_no_class(arrays, num_classes or {})]
    misfits = [*_no_unit(arrays, head_units or {}), *_no_entry(arrays, vocabulary or {})]
    if damaged or misfits:
        kind = NetlabError if damaged else UsageError
        raise kind("\n".join(f"{where}: {problem}" for problem in (*damaged, *misfits)))


_FILLING = "; a step that fills them in is needed: OneHot and Lookup for texts, Impute behind DateParts for times"


def _not_finite(arrays: Arrays, may_miss: frozenset[str]) -> Iterator[str]:
    roles: dict[str, Mapping[str, Any]] = {"input": arrays.inputs, "target": arrays.targets}
    for role, by_name in roles.items():
        for name, values in by_name.items():
            if not isinstance(values, np.ndarray):
                if role == "input" and name not in may_miss and values.null_count():
                    place = f"row {arrays.row(int(values.is_null().arg_max()))}"
                    yield f"input '{name}' has no value in {place} ({values.null_count()} values are missing){_FILLING}"
                continue
            if values.dtype.kind != "f":
                continue
            finite = np.isfinite(values)
            if role == "input" and name in may_miss:
                finite |= np.isnan(values)
            if not finite.all():
                first = np.unravel_index(int(finite.argmin()), finite.shape)
                place = f"row {arrays.row(int(first[0]))}" + (f" at {[*map(int, first[1:])]}" if len(first) > 1 else "")
                yield f"{role} '{name}' has {values[first]} in {place} ({int((~finite).sum())} values are not finite)"


def _no_class(arrays: Arrays, num_classes: Mapping[str, int]) -> Iterator[str]:
    for name, classes in num_classes.items():
        for found in _outside(arrays, arrays.targets[name], classes):
            yield f"target '{name}' has label {found}, but its {classes} classes are 0 to {classes - 1}"


def _no_unit(arrays: Arrays, head_units: Mapping[str, int]) -> Iterator[str]:
    for name, units in head_units.items():
        classes = max(units, 2)
        for found in _outside(arrays, arrays.targets[name], classes):
            output = f"its output has {units} {'unit' if units == 1 else 'units'}, for labels 0 to {classes - 1}"
            yield f"target '{name}' has label {found}, but {output}{_remedy(arrays.targets[name])}"


def _no_entry(arrays: Arrays, vocabulary: Mapping[str, int]) -> Iterator[str]:
    for name, length in vocabulary.items():
        for found in _outside(arrays, arrays.inputs[name], length):
            yield f"input '{name}' has {found}, but the embedding that reads it has entries 0 to {length - 1}"


def _remedy(found: Array) -> str:
    if found.min() < 0:
        return "; labels count from 0"
    return f"; the output needs {int(found.max()) + 1} units"


def _outside(arrays: Arrays, values: Array, limit: int) -> Iterator[str]:
    """The first value that is not among 0 to `limit - 1`, with its place; nothing if there is none."""
    wrong = (values < 0) | (values >= limit)
    if wrong.any():
        first = np.unravel_index(int(wrong.argmax()), wrong.shape)
        yield f"{values[first]} in row {arrays.row(int(first[0]))} ({int(wrong.sum())} such)"
