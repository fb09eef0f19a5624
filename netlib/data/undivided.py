"""Splits that never divide the rows of one value: by group and by time."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heapreplace

import numpy as np

from netlib.data.arrays import Array
from netlib.data.keys import Keys
from netlib.data.rows import rows_where
from netlib.data.shuffling import generator, shuffled
from netlib.spec.errors import Problem, SpecError
from netlib.spec.shares import Shares


def grouped(keys: Keys, shares: Shares, seed: int) -> dict[str, Array]:
    """The rows to validate and to test on, whole groups of them, as `Grouped` says.

    Raises:
        SpecError: there are fewer groups than splits, or a share is less than a row.
    """
    needed = _needed(keys, shares, "Grouped", "group")
    counts, sizes = keys.counts, shares.sizes(len(keys.numbers))
    left, chosen = shuffled(generator(seed, "split"), len(counts)), {}
    for name in reversed(shares.held_out if shares.folds is None else shares.held_out[1:]):
        needed -= 1
        taken = _nearest(counts[left].tolist(), sizes[name], len(left) - needed)
        chosen[name], left = left[taken], np.delete(left, taken)
    if shares.folds is not None and shares.fold is not None:
        chosen["validation"] = left[_folds(counts[left].tolist(), shares.folds) == shares.fold - 1]
    return {name: _rows_of(keys, groups) for name, groups in chosen.items()}


def _rows_of(keys: Keys, groups: Array) -> Array:
    among = np.zeros(len(keys.distinct), bool)
    among[groups] = True
    return rows_where(among[keys.numbers])


def _nearest(sizes: Sequence[int], target: int, most: int) -> list[int]:
    """At least one and at most that many of the groups, whose sizes together are near the target."""
    taken: list[int] = []
    room = target
    for number, size in enumerate(sizes):
        if not room or len(taken) == most:
            return taken
        if size <= room:
            taken.append(number)
            room -= size
    left = set(range(len(sizes))) - set(taken)
    smallest = min(left, key=lambda number: (sizes[number], number))
    if len(taken) < most and (not taken or sizes[smallest] < 2 * room):
        taken.append(smallest)
    return taken


def _folds(sizes: Sequence[int], folds: int) -> Array:
    """The fold of each group, from 0: the largest first, each where the fewest rows are."""
    found = np.empty(len(sizes), np.int64)
    rows = [(0, fold) for fold in range(folds)]
    heapify(rows)
    for number in sorted(range(len(sizes)), key=lambda number: -sizes[number]):
        count, found[number] = rows[0]
        heapreplace(rows, (count + sizes[number], int(found[number])))
    return found


def latest(keys: Keys, shares: Shares) -> dict[str, Array]:
    """The rows to validate and to test on, the latest ones, as `Time` says.

    Raises:
        SpecError: there are fewer times than splits, they are texts, or a share is less than a row.
    """
    if keys.kind == "text":
        how = f"columns: {{{keys.name}: {{dtype: datetime, format: '%d.%m.%Y'}}}}"
        message = f"column '{keys.name}' holds texts, which have no order in time; say how they are written: {how}"
        raise SpecError([Problem(("split", "Time", "by"), message)], "data")
    needed = _needed(keys, shares, "Time", "time")
    sizes, rows = shares.sizes(len(keys.numbers)), np.cumsum(keys.counts[::-1])  # rows of so many of the latest times
    times, chosen = 0, {}
    for name in reversed(shares.held_out):
        needed -= 1
        target = sizes[name] + (rows[times - 1] if times else 0)
        ends = times + 1 + int(np.abs(rows[times : len(rows) - needed] - target).argmin())
        chosen[name] = _rows_of(keys, np.arange(len(rows) - ends, len(rows) - times))
        times = ends
    return chosen


def _needed(keys: Keys, shares: Shares, kind: str, noun: str) -> int:
    """How many values there must be, one for each split or fold.

    Raises:
        SpecError: there are fewer.
    """
    folds = shares.folds or 1
    parts = ["train" if shares.folds is None else f"{folds} folds", *shares.held_out[shares.folds is not None :]]
    needed = folds + len(parts) - 1
    if len(keys.distinct) < needed:
        found = f"{len(keys.distinct)} {noun}{'s' if len(keys.distinct) > 1 else ''} in {len(keys.numbers)} rows"
        whole = f"rows of one {noun} are never divided"
        message = f"column '{keys.name}' has {found}, but {needed} are needed ({', '.join(parts)}): {whole}"
        raise SpecError([Problem(("split", kind, "by"), message)], "data")
    return needed
