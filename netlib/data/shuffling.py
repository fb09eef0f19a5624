"""Random numbers of the host, and the order of the samples in an epoch: pure functions of the seed and a purpose."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np

from netlib.data.arrays import Array


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
    chunks = shuffled(generator(seed, "chunks", epoch), -(-n // chunk)).astype(np.int64)
    ends = np.cumsum(np.where(chunks == len(chunks) - 1, n - (len(chunks) - 1) * chunk, chunk))
    for start in range(first * window, n, window):
        stop = min(start + window, n)
        begin, end = np.searchsorted(ends, [start, stop - 1], side="right")
        near = (chunks[begin : end + 1, None] * chunk + np.arange(chunk)).reshape(-1)
        near = near[near < n][start - (ends[begin - 1] if begin else 0) :][: stop - start]
        yield near[shuffled(generator(seed, "window", epoch, start), len(near))]


def shuffled(random: np.random.Generator, n: int) -> Array:
    """The numbers from 0 to `n - 1` in a random order, int32.

    They are sorted by random bits of Philox, not by `Generator.permutation`, whose method NumPy may change. The number fills the
    lowest bits of its key, so that no two keys are equal and every sorting algorithm gives one result.
    """
    low = np.uint64(max(n - 1, 0).bit_length())
    keys = random.bit_generator.random_raw(n) >> low << low
    keys |= np.arange(n, dtype=np.uint64)
    keys.sort()
    return (keys & np.uint64((1 << int(low)) - 1)).astype(np.int32)
