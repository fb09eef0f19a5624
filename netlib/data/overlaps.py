"""Keeps splits apart whose samples are windows over the same rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from netlib.data.arrays import Array
from netlib.spec.errors import Problem, SpecError

LATER = {"train": ("validation", "test"), "validation": ("test",)}
"""Split -> those whose samples stay when both share rows."""


def without_overlaps(rows: Mapping[str, Array], spans: Array) -> tuple[dict[str, Array], tuple[str, ...]]:
    """The splits without the samples that share rows with one that is held out more strictly, and what is said of it.

    Args:
        rows: split -> the numbers of its samples.
        spans: first and last row of each sample in the source, (samples, 2).

    Raises:
        SpecError: most samples of a split would have to go: they are divided in a way that is not for windows.
    """
    kept, notes = dict(rows), []
    for name, others in LATER.items():
        apart = ~_touch(spans[rows[name]], [spans[rows[other]] for other in others])
        total, gone = len(apart), int((~apart).sum())
        if not gone:
            continue
        if 2 * gone > total:
            raise SpecError([Problem(("split",), _mixed(name, gone, total, spans))], "data")
        kept[name] = rows[name][apart]
        verb = "train" if name == "train" else "validate"
        notes.append(f"{gone:,} of {total:,} windows to {verb} on are left out: they share rows with windows held out")
    return kept, tuple(notes)


def _touch(spans: Array, others: list[Array]) -> Array:
    """Which samples have a row that one of the others has."""
    taken = np.concatenate(others)
    steps = np.zeros(int(max(spans.max(initial=0), taken.max(initial=0))) + 2, np.int64)
    np.add.at(steps, taken[:, 0], 1)
    np.add.at(steps, taken[:, 1] + 1, -1)
    before = np.append(0, np.cumsum(np.cumsum(steps) > 0))  # rows that are taken, up to each
    return np.asarray(before[spans[:, 1] + 1] > before[spans[:, 0]])


def _mixed(name: str, gone: int, total: int, spans: Array) -> str:
    verb = "train" if name == "train" else "validate"
    longest = int((spans[:, 1] - spans[:, 0]).max()) + 1
    return (
        f"{gone:,} of {total:,} windows to {verb} on share rows with windows that are held out: hold out a stretch of its own"
        f" (split: Contiguous), or make stride at least {longest}, so that no two windows share rows"
    )
