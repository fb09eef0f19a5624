"""Which samples are trained on, validated on and tested on."""

from __future__ import annotations

import numpy as np

from netlib.data.arrays import Array
from netlib.data.shuffling import generator, shuffled
from netlib.spec.data import part_sizes
from netlib.spec.errors import Problem, SpecError

HELD_OUT = ("validation", "test")


def split(samples: int, validation: float, test: float, seed: int, classes: Array | None = None) -> dict[str, Array]:
    """The samples' numbers, in rising order, of `train`, `validation` and `test`: every sample is in one of them.

    With `classes`, one label a sample, the splits are stratified: of every class each held-out split gets its share, rounded up
    or down, as long as that leaves a sample of the class to train on. A class of one sample is only trained on.

    Raises:
        SpecError: a split would be empty, or the classes have too few samples to stratify by.
    """
    sizes = part_sizes(samples, validation, test)
    order = shuffled(generator(seed, "split"), samples)
    chosen = _in_order(order, sizes) if classes is None else _stratified(order, sizes, classes)
    train = np.setdiff1d(order, np.concatenate([*chosen.values()]), assume_unique=True)
    return {name: np.sort(numbers) for name, numbers in {"train": train, **chosen}.items()}


def _in_order(order: Array, sizes: dict[str, int]) -> dict[str, Array]:
    validation, test = sizes["validation"], sizes["test"]
    return {"validation": order[:validation], "test": order[validation : validation + test]}


def _stratified(order: Array, sizes: dict[str, int], classes: Array) -> dict[str, Array]:
    _, numbers, counts = np.unique(classes, return_inverse=True, return_counts=True)
    shares = _shares(counts, {name: sizes[name] for name in HELD_OUT})
    members = np.split(order[np.argsort(numbers[order], kind="stable")], np.cumsum(counts)[:-1])  # class by class
    chosen = {}
    taken = np.zeros_like(counts)
    for name in HELD_OUT:
        ends = taken + shares[name]
        chosen[name] = np.concatenate([rows[a:b] for rows, a, b in zip(members, taken, ends, strict=True)])
        taken = ends
    return chosen


def _shares(counts: Array, sizes: dict[str, int]) -> dict[str, Array]:
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


def _too_few(counts: Array, sizes: dict[str, int]) -> str:
    held_out = " and ".join(
        f"{size} to {'validate' if name == 'validation' else 'test'}" for name, size in sizes.items()
    )
    return (
        f"{int(counts.sum())} samples of {len(counts)} classes (the smallest has {int(counts.min())}) cannot be stratified: "
        f"one of each class is needed to train on, {held_out} on; hold out less, or set stratify: false"
    )
