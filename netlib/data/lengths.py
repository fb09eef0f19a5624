"""Rows that are padded at their end with zeros: how long each is, and samples put together by length and cut to it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import numpy as np

from netlib.data.arrays import Array, Arrays


def lengths_of(values: Array) -> Array:
    """Places of each row up to the last one that is not 0, int64 [rows], of values [rows, places, ...]."""
    real = (values != 0).any(axis=tuple(range(2, values.ndim)))
    return np.where(real.any(axis=1), values.shape[1] - real[:, ::-1].argmax(axis=1), 0)


def by_length(samples: Arrays, names: Collection[str], lengths: Sequence[int]) -> Iterator[tuple[int, Arrays]]:
    """The samples of each length that has some, in their order, cut to it: each is in the smallest that holds all of it.

    Args:
        samples: as the network reads them.
        names: the inputs and targets that are padded, all to the last of the lengths.
        lengths: in rising order.
    """
    padded = {name: values for name, values in {**samples.inputs, **samples.targets}.items() if name in names}
    longest = np.max([lengths_of(values) for values in padded.values()], axis=0)
    places = np.searchsorted(np.asarray(lengths), longest)
    for place, length in enumerate(lengths):
        numbers = np.flatnonzero(places == place)
        if len(numbers):
            yield length, _cut(samples.take(numbers), names, length)


def _cut(samples: Arrays, names: Collection[str], length: int) -> Arrays:
    def cut(values: dict[str, Array]) -> dict[str, Array]:
        return {name: each[:, :length] if name in names else each for name, each in values.items()}

    return replace(samples, inputs=cut(samples.inputs), targets=cut(samples.targets))
