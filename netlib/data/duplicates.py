"""Finds samples that are trained on and measured on: by a hash of 64 bits of each row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from netlib.data.arrays import Array, Arrays, Values
from netlib.spec.looks import Anomaly

MOST_ROWS = 5_000_000
"""Samples of all splits; where there are more, duplicates are not looked for."""
MOST_WORDS = 64
"""Words of 8 bytes by which arrays are told apart first, evenly taken from each row; equals are then compared whole."""
_CHUNK = 1 << 14
_MIXED = tuple(map(np.uint64, (32, 0xE9846AF9B1A615D, 32, 0xE9846AF9B1A615D, 28)))
"""Shifts and factors of a mixer after which every bit depends on all: floats often have zeros in most of theirs."""


def duplicates(samples: Mapping[str, Arrays]) -> Iterator[Anomaly]:
    """An anomaly where splits beside `train` have samples of it, equal in all inputs and targets, bit by bit."""
    held_out = {name: part for name, part in samples.items() if name != "train"}
    if not held_out or sum(map(len, samples.values())) > MOST_ROWS:
        return
    train = samples["train"]
    known = np.sort(row_hashes(train, MOST_WORDS))
    counts = []
    for name, part in held_out.items():
        hashes = row_hashes(part, MOST_WORDS)
        also = _in(hashes, known)
        if also.any() and _wide(train):
            also = _equal_whole(train, part, also, hashes)
        if count := int(also.sum()):
            counts.append(f"{count:,} of {len(part):,} {name} samples")
    if counts:
        what = f"{' and '.join(counts)} are also trained on (all inputs and targets are equal)"
        yield Anomaly("duplicates", f"{what}: of these, remembering is enough")


def row_hashes(samples: Arrays, most_words: int | None = None) -> Array:
    """64 bits for each sample, equal where all its inputs and targets are; with `most_words`, where those of each array are."""
    hashes = np.zeros(len(samples), np.uint64)
    for values in (*samples.inputs.values(), *samples.targets.values()):
        words = _words(values)
        width = words.shape[1]
        few = most_words is not None and width > most_words
        taken = np.linspace(0, width - 1, most_words or 1).astype(int) if few else np.arange(width)
        for start in range(0, len(hashes), _CHUNK):  # which stay in the processor's cache
            part, rows = hashes[start : start + _CHUNK], words[start : start + _CHUNK]
            for i in taken:
                part ^= rows[:, i]
                _mix(part)
    return hashes


def _mix(hashes: Array) -> None:
    first, factor, second, again, last = _MIXED
    hashes ^= hashes >> first
    hashes *= factor
    hashes ^= hashes >> second
    hashes *= again
    hashes ^= hashes >> last


def _words(values: Values) -> Array:
    """The rows' bytes as integers, of 8 bytes if they can be divided so."""
    if not isinstance(values, np.ndarray):
        return values.hash().to_numpy()[:, None]
    rows = np.ascontiguousarray(values).reshape(len(values), -1)
    size = rows.shape[1] * rows.itemsize
    return rows.view(next(f"u{word}" for word in (8, 4, 2, 1) if size % word == 0))


def _in(hashes: Array, known: Array) -> Array:
    """Whether each is among those that are known, which are sorted."""
    places = np.searchsorted(known, hashes)
    found: Array = known[np.minimum(places, len(known) - 1)] == hashes
    return found


def _wide(samples: Arrays) -> bool:
    arrays = (*samples.inputs.values(), *samples.targets.values())
    return any(_words(values[:1]).shape[1] > MOST_WORDS for values in arrays)


def _equal_whole(train: Arrays, part: Arrays, also: Array, hashes: Array) -> Array:
    """Which of the samples that may be equal are so in every word."""
    candidates = np.flatnonzero(also)
    known = np.flatnonzero(np.isin(row_hashes(train, MOST_WORDS), hashes[candidates]))
    whole = np.zeros_like(also)
    whole[candidates] = _in(row_hashes(part.take(candidates)), np.sort(row_hashes(train.take(known))))
    return whole
