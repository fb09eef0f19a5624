"""Random numbers of the host, and the order of the samples in an epoch: pure functions of the seed and a purpose."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np

from netlib.data.arrays import Array
from netlib.data.rows import AT_ONCE, number_type

MOST_BITS = 3
"""Of the keys by which samples are divided into parts: each part draws all keys again."""


def generator(seed: int, *purpose: str | int) -> np.random.Generator:
    """A generator of its own for a purpose: Philox, keyed by a hash of seed and purpose that no process or version changes."""
    key = hashlib.blake2b(repr((seed, *purpose)).encode(), digest_size=16, person=b"netlab-host").digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(key, "little")))


def permutation(seed: int, epoch: int, n: int) -> Array:
    """The order of `n` samples in an epoch, int32 of shape `(n,)`: every number from 0 to `n - 1` once."""
    return shuffled(generator(seed, "epoch", epoch), n)


def windowed(seed: int, epoch: int, n: int, chunk: int, window: int, first: int = 0) -> Iterator[Array]:
    """The samples of each window of an epoch, from window `first` on, where only one window is in memory at a time.

    The samples are cut into chunks of neighbours, which come in a random order; each window of them is mixed. With chunks of one
    sample it is as random as `permutation`.
    """
    chunks = shuffled(generator(seed, "chunks", epoch), -(-n // chunk))
    gap = len(chunks) * chunk - n  # what the last chunk lacks, which all behind it move up by
    behind = (int((chunks == len(chunks) - 1).argmax()) + 1) * chunk - gap if n else 0
    for start in range(first * window, n, window):
        stop = min(start + window, n)
        begin, end = ((place + (gap if place >= behind else 0)) // chunk for place in (start, stop - 1))
        near = (chunks[begin : end + 1, None].astype(np.int64) * chunk + np.arange(chunk)).reshape(-1)
        skipped = start - begin * chunk + (gap if start >= behind else 0)
        near = near[near < n][skipped:][: stop - start]
        yield near[shuffled(generator(seed, "window", epoch, start), len(near))]


def shuffled(random: np.random.Generator, n: int) -> Array:
    """The numbers from 0 to `n - 1` in a random order, int32.

    They are sorted by random bits of Philox, not by `Generator.permutation`, whose method NumPy may change. The number fills the
    lowest bits of its key, so that no two keys are equal and every sorting algorithm gives one result.
    """
    keys = np.empty(n, np.uint64)
    done = 0
    for near in _keys(random, n):
        keys[done : done + len(near)] = near
        done += len(near)
    return _numbers(keys, n)


def shuffled_parts(random: np.random.Generator, n: int) -> Iterator[Array]:
    """The same, one part after the other, for which no more memory is taken than for a part.

    All keys are drawn anew for each part: whoever needs the first ones only should ask for no more.
    """
    bits = min(max(n // AT_ONCE, 1).bit_length() - 1, MOST_BITS)
    if not bits:
        yield shuffled(random, n)
        return
    begin = random.bit_generator.state
    for part in range(1 << bits):
        random.bit_generator.state = begin
        keys = [near[near >> np.uint64(64 - bits) == part] for near in _keys(random, n)]
        yield _numbers(np.concatenate(keys), n)


def _keys(random: np.random.Generator, n: int) -> Iterator[Array]:
    """By which the numbers are sorted; drawn one after the other, so that it makes no difference how many at a time."""
    low = np.uint64(max(n - 1, 0).bit_length())
    for start in range(0, n, AT_ONCE):
        stop = min(start + AT_ONCE, n)
        yield random.bit_generator.random_raw(stop - start) >> low << low | np.arange(start, stop, dtype=np.uint64)


def _numbers(keys: Array, n: int) -> Array:
    keys.sort()
    keys &= np.uint64((1 << max(n - 1, 0).bit_length()) - 1)
    return keys.astype(number_type(n))
