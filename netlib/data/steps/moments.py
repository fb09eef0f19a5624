"""Count, mean, spread and ends of numbers, of one portion after the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import numpy as np

from netlib.data.arrays import Array, Values


@dataclass(frozen=True)
class Ends:
    """The least and the largest of the numbers that are there, float32: inf and -inf where there are none."""

    least: Array
    largest: Array

    @classmethod
    def of(cls, values: Array, per: str) -> Ends:
        """Those of numbers, kept apart `per` channel or element."""
        values = values.astype(np.float32, copy=False)
        present = present_in(values)
        where = True if present is None else present
        least = values.min(axis=0, where=where, initial=np.inf)
        largest = values.max(axis=0, where=where, initial=-np.inf)
        rest = _rest(per, values)
        return cls(least.min(axis=rest), largest.max(axis=rest))

    def merged(self, other: Ends) -> Ends:
        """Those of the numbers of both."""
        return Ends(np.minimum(self.least, other.least), np.maximum(self.largest, other.largest))

    def or_zeros(self) -> tuple[Array, Array]:
        """Both, 0 where there are none."""
        none = self.least > self.largest
        return np.where(none, np.float32(0), self.least), np.where(none, np.float32(0), self.largest)


@dataclass(frozen=True)
class Moments:
    """How many numbers are there, their mean, and the sum of their squared distances from it, float64."""

    count: Array
    mean: Array
    squares: Array

    @classmethod
    def of(cls, values: Array, per: str) -> Moments:
        """Those of numbers, kept apart `per` channel or element."""
        present, rest = present_in(values), _rest(per, values)
        # A copy without gaps, of float32 first as everywhere: the order in which numbers are added depends on how they lie.
        exact = np.ascontiguousarray(values, np.float32).astype(np.float64)
        if present is not None:
            exact[~present] = 0
        total = np.asarray(exact.sum(axis=0).sum(axis=rest))
        everywhere = np.full(total.shape, values.size / max(total.size, 1))
        count = everywhere if present is None else np.asarray(present.sum(axis=0, dtype=np.float64).sum(axis=rest))
        mean = total / np.maximum(count, 1)
        exact -= np.array(np.broadcast_to(mean, values.shape[1:]))  # of few numbers it is much slower
        if present is not None:
            exact[~present] = 0
        squares = np.square(exact, out=exact).sum(axis=0).sum(axis=rest)
        return cls(count, mean, np.asarray(squares))

    def merged(self, other: Moments) -> Moments:
        """Those of the numbers of both, after Chan, Golub and LeVeque (1979)."""
        count = self.count + other.count
        share = other.count / np.maximum(count, 1)
        distance = other.mean - self.mean
        squares = self.squares + other.squares + np.square(distance) * self.count * share
        return Moments(count, self.mean + distance * share, squares)

    @property
    def deviation(self) -> Array:
        """The standard deviation, 0 of nothing."""
        return np.sqrt(self.squares / np.maximum(self.count, 1))


def ends_of(portions: Iterable[Values], per: str) -> Ends:
    """The ends of the numbers of all portions."""
    return reduce(Ends.merged, (Ends.of(np.asarray(values), per) for values in portions))


def moments_of(portions: Iterable[Values], per: str) -> Moments:
    """The moments of the numbers of all portions."""
    return reduce(Moments.merged, (Moments.of(np.asarray(values), per) for values in portions))


def ends_and_moments_of(portions: Iterable[Values], per: str) -> tuple[Ends, Moments]:
    """Both, the portions being looked at once."""
    pairs = ((Ends.of(np.asarray(values), per), Moments.of(np.asarray(values), per)) for values in portions)
    return reduce(lambda left, right: (left[0].merged(right[0]), left[1].merged(right[1])), pairs)


def axes_of(per: str, values: Array) -> tuple[int, ...]:
    """Those that numbers are learned over: all but the last per channel, the samples alone per element."""
    return tuple(range(max(values.ndim - 1, 1))) if per == "channel" else (0,)


def _rest(per: str, values: Array) -> tuple[int, ...]:
    """The same, once there is no axis of samples: to go over that first is much faster where there are few channels."""
    return tuple(axis - 1 for axis in axes_of(per, values)[1:])


def present_in(values: Array) -> Array | None:
    """Where there are numbers; None if they are everywhere."""
    missing = np.isnan(values)
    return ~missing if missing.any() else None
