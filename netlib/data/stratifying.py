"""Splits and folds that keep the proportions of classes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from netlib.data.arrays import Array, Values
from netlib.data.keys import keys_of
from netlib.spec.data import DataSpec
from netlib.spec.errors import Problem, SpecError
from netlib.spec.features import DataSignature

ROWS_PER_CLASS = 4
"""Samples for each value of an integer, on average, from which it is taken for a class."""


def classes_of(spec: DataSpec, raw: DataSignature, targets: Mapping[str, Values]) -> Array | None:
    """The class of each sample, where the splits are to keep their proportions; else None.

    An integer of which the source does not say that it is a class is none by default where there are many: it is an amount.
    """
    if not spec.stratified(raw):
        return None
    ((name, feature),) = raw.targets.items()
    numbers = keys_of(name, targets[name]).numbers
    is_class = spec.stratify or feature.num_classes is not None or feature.kind == "text"
    return numbers if is_class or ROWS_PER_CLASS * (numbers.max() + 1) < len(numbers) else None


def stratified(order: Array, sizes: Mapping[str, int], classes: Array) -> dict[str, Array]:
    """The samples of each split of that size, taken of every class in the order in which the samples come.

    Of every class each split gets its share, rounded up or down, as long as that leaves a sample of the class that is in none.

    Raises:
        SpecError: the classes have too few samples for it.
    """
    _, numbers, counts = np.unique(classes, return_inverse=True, return_counts=True)
    shares = _shares(counts, sizes)
    members = np.split(by_class(order, numbers), np.cumsum(counts)[:-1])
    chosen = {}
    taken = np.zeros_like(counts)
    for name in sizes:
        ends = taken + shares[name]
        chosen[name] = np.concatenate([rows[a:b] for rows, a, b in zip(members, taken, ends, strict=True)])
        taken = ends
    return chosen


def by_class(order: Array, classes: Array) -> Array:
    """The samples class by class, those of one class in the order in which they come."""
    return order[np.argsort(classes[order], kind="stable")]


def _shares(counts: Array, sizes: Mapping[str, int]) -> dict[str, Array]:
    """How many samples of each class every held-out split gets: proportionate, by the largest remainders."""
    total = int(counts.sum())
    # Whole parts of all splits together are less than the class, so that they always fit.
    shares = {name: counts * size // total for name, size in sizes.items()}
    for name, size in sizes.items():
        remainder = counts * size % total
        while (missing := size - int(shares[name].sum())) > 0:
            room = counts - 1 - sum(shares.values())
            open_classes = np.flatnonzero(room > 0)
            if not len(open_classes):
                raise SpecError([Problem((name,), _too_few(counts, sizes))], "data")
            by_need = np.lexsort((-room[open_classes], -remainder[open_classes]))
            shares[name][open_classes[by_need[:missing]]] += 1
    return shares


def _too_few(counts: Array, sizes: Mapping[str, int]) -> str:
    held_out = " and ".join(
        f"{size} to {'validate' if name == 'validation' else 'test'}" for name, size in sizes.items()
    )
    return (
        f"{int(counts.sum())} samples of {len(counts)} classes (the smallest has {int(counts.min())}) cannot be stratified: "
        f"one of each class is needed to train on, {held_out} on; hold out less, or set stratify: false"
    )
