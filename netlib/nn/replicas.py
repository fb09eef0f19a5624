"""What layers are told of other replicas of the network, which compute on other rows of the same batch.

A replica is a copy on another device or machine. A layer whose result depends on the whole batch, as that of BatchNormalization,
adds up over all of them. How that is done is the affair of whoever runs them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

import tensorflow as tf

Sums = Callable[[Sequence[tf.Tensor]], Sequence[tf.Tensor]]
"""Each tensor added up over all replicas, every one of which calls it at the same place."""


class _Together(NamedTuple):
    sums: Sums
    share: Any


_current: ContextVar[_Together | None] = ContextVar("replicas", default=None)


@contextmanager
def synchronized(sum_over_replicas: Sums | None, share: Any = 1.0) -> Iterator[None]:
    """Inside, layers whose statistics are those of a batch take them over all replicas.

    A gradient that is taken inside is that of the sum over all replicas of what each differentiates: a mean is to be multiplied
    before by what it counts among the others.

    Args:
        sum_over_replicas: adds up; None, to be alone.
        share: what each row of this replica counts: 1, and 0 where it has no rows and computes on one that is not its own.
    """
    token = _current.set(None if sum_over_replicas is None else _Together(sum_over_replicas, share))
    try:
        yield
    finally:
        _current.reset(token)


def is_synchronized() -> bool:
    """Whether statistics of a batch are those of all replicas."""
    return _current.get() is not None


def row_share(dtype: tf.DType) -> tf.Tensor:
    """What each row counts in a sum over all replicas."""
    current = _current.get()
    return tf.cast(1.0 if current is None else current.share, dtype)


def replica_sums(*tensors: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """Each tensor added up over all replicas; as it is where there is only this one. All of them make one message.

    What one replica has adds to the sum that each of them sees, so its gradient is the sum of those that they have of theirs.
    """
    current = _current.get()
    if current is None:
        return tensors

    @tf.custom_gradient
    def summed(*each: tf.Tensor) -> tuple[tuple[tf.Tensor, ...], Callable[..., tuple[tf.Tensor, ...]]]:
        return tuple(current.sums(each)), lambda *upstream: tuple(current.sums(upstream))

    return tuple(summed(*tensors))
