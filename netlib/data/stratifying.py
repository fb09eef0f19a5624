"""Splits and folds that keep the proportions of classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from netlib.data.arrays import Array, Values
from netlib.data.keys import keys_of
from netlib.data.portions import Portions
from netlib.data.rows import AT_ONCE, counts_of
from netlib.data.shuffling import generator, shuffled_parts
from netlib.spec.data import DataSpec
from netlib.spec.errors import Problem, SpecError
from netlib.spec.features import DataSignature

ROWS_PER_CLASS = 4
"""Samples for each value of an integer, on average, from which it is taken for a class."""


def classes_of(spec: DataSpec, raw: DataSignature, targets: Mapping[str, Values | Portions]) -> Array | None:
    """The class of each sample, where the splits are to keep their proportions; else None.

    An integer of which the source does not say that it is a class is none by default where there are many: it is an amount.
    """
    if not spec.stratified(raw):
        return None
    ((name, feature),) = raw.targets.items()
    keys = keys_of(name, targets[name])
    is_class = spec.stratify or feature.num_classes is not None or feature.kind == "text"
    return keys.numbers if is_class or ROWS_PER_CLASS * len(keys.distinct) < len(keys.numbers) else None


class Order:
    """The random order in which samples are held out, a part of it at a time.

    Args:
        seed: decides it.
        count: how many samples there are.
        classes: the class of each, an integer, if they are to be held out class by class, in the order in which they come.
    """

    def __init__(self, seed: int, count: int, classes: Array | None) -> None:
        self._seed = seed
        self._number = count
        least = 0 if classes is None else min(int(classes.min()), 0)
        self._classes = classes - least if classes is not None and least else classes
        different = 1 if self._classes is None else int(self._classes.max()) + 1
        self._counts = np.array([count]) if self._classes is None else counts_of(self._classes, different)

    def drawn(self, sizes: Mapping[str, int]) -> dict[str, Array]:
        """The samples of each split of that size.

        Of every class each split gets its share, rounded up or down, as long as that leaves a sample of the class in none.

        Raises:
            SpecError: the classes have too few samples for it.
        """
        shares = _shares(self._counts, sizes)
        chosen: dict[str, list[Array]] = {name: [] for name in sizes}
        left = sum(sizes.values())
        for rows, classes, place in self._places():
            begin = np.zeros_like(self._counts)
            for name, found in chosen.items():
                end = begin + shares[name]
                found.append(rows[(place >= begin[classes]) & (place < end[classes])])
                left -= len(found[-1])
                begin = end
            if not left:
                break
        return {name: np.concatenate(found) for name, found in chosen.items()}

    def folded(self, tested: int, folds: int, fold: int) -> dict[str, Array]:
        """So many to test on, and as `validation` one of the folds, from 1, of the others: every so many, class by class."""
        taken = _shares(self._counts, {"test": tested})["test"]
        left = self._counts - taken
        before = np.cumsum(left) - left - taken
        test, validation = [], []
        for rows, classes, place in self._places():
            free = place >= taken[classes]
            test.append(rows[~free])
            validation.append(rows[free & ((place + before[classes]) % folds == fold - 1)])
        return {"test": np.concatenate(test), "validation": np.concatenate(validation)}

    def _places(self) -> Iterator[tuple[Array, Array, Array]]:
        """Of a part of the samples: their numbers and classes, and how many of the same class come before each."""
        seen = np.zeros_like(self._counts)
        for rows in shuffled_parts(generator(self._seed, "split"), self._number):
            for start in range(0, len(rows), AT_ONCE):
                near = rows[start : start + AT_ONCE]
                classes = np.zeros(len(near), np.uint8) if self._classes is None else self._classes[near]
                counts = np.bincount(classes, minlength=len(seen))
                place = np.empty(len(near), np.int64)
                place[np.argsort(classes, kind="stable")] = np.arange(len(near))
                place += (seen - (np.cumsum(counts) - counts))[classes]
                yield near, classes, place
                seen += counts


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
    counts = counts[counts > 0]
    return (
        f"{int(counts.sum())} samples of {len(counts)} classes (the smallest has {int(counts.min())}) cannot be stratified: "
        f"one of each class is needed to train on, {held_out} on; hold out less, or set stratify: false"
    )
