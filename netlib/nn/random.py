"""The one source of random numbers while a network runs: the same bits in eager mode, in a graph, and under XLA.

Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror, Shaw: *Parallel random numbers: as easy as 1, 2, 3*, 2011), written in
integer operations and compiled by itself. A number depends on (seed, purpose, path, call, step), its sample's index in the global
batch and its place in the sample alone: micro-batches and replicas draw what one large batch would.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from hashlib import blake2b
from typing import Any

import tensorflow as tf

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = 0x1BD11BDA


def stable_hash(*parts: object, bits: int = 64) -> int:
    """The same whole number below 2^bits for the same parts, in every process and on every machine."""
    text = "\x1f".join(map(str, parts))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little") & ((1 << bits) - 1)


@dataclass
class ForwardPass:
    """What the random numbers of one forward pass depend on, besides the layer: the run's seed, the step, and where the batch
    begins in the global batch (scalars, tensors or not)."""

    seed: int
    step: Any
    first_row: Any = 0
    calls: Counter[str] = field(default_factory=Counter)


_current: ContextVar[ForwardPass | None] = ContextVar("forward_pass", default=None)


@contextmanager
def forward_pass(seed: int, step: Any, first_row: Any = 0) -> Iterator[ForwardPass]:
    """Inside, random layers draw for this seed, step and part of the global batch; `calls` has then who drew."""
    current = ForwardPass(seed, step, first_row)
    token = _current.set(current)
    try:
        yield current
    finally:
        _current.reset(token)


def uniform(purpose: str, path: str, shape: Any) -> tf.Tensor:
    """Uniform float32 numbers in [0, 1) of that shape, the first axis being the samples.

    Outside of `forward_pass` each call draws anew, and no two processes draw the same.
    """
    current = _current.get()
    if current is None:
        current = ForwardPass(0, _fresh().uniform_full_int([1], dtype=tf.uint32)[0])
    number = current.calls[path]
    current.calls[path] += 1
    key = stable_hash(current.seed, purpose, path, number)
    step = tf.cast(current.step, tf.uint32)
    first_row = tf.cast(current.first_row, tf.uint32)
    return _uniform(tf.constant([key & 0xFFFFFFFF, key >> 32], tf.uint32), step, first_row, shape)


@cache
def _fresh() -> tf.random.Generator:
    """A generator of our own: TensorFlow refuses to make its global one once determinism is on, as it is in every run."""
    with tf.init_scope():
        return tf.random.Generator.from_seed(secrets.randbits(63))


def fresh_state() -> tf.Variable:
    """What `uniform` draws from outside of a `forward_pass`; in no tree, for it is to differ from process to process."""
    return _fresh().state


@tf.function(jit_compile=True, autograph=False)
def _uniform(key: tf.Tensor, step: tf.Tensor, first_row: tf.Tensor, shape: Any) -> tf.Tensor:
    """Shape is a tuple where it is known, else a vector."""
    key_0, key_1 = threefry(key[0], key[1], step, tf.zeros_like(step))
    rows = tf.range(shape[0], dtype=tf.int32)
    per_row = tf.reduce_prod(shape[1:])
    columns = tf.range(per_row, dtype=tf.int32)
    row_index = tf.cast(rows, tf.uint32)[:, None] + first_row
    column_index = tf.cast(columns, tf.uint32)[None, :]
    bits, _ = threefry(key_0, key_1, row_index, column_index)
    # The upper 24 bits are exact in float32.
    numbers = tf.cast(tf.bitwise.right_shift(bits, tf.constant(8, tf.uint32)), tf.float32) * 2.0**-24
    return tf.reshape(numbers, shape)


def threefry(key_0: Any, key_1: Any, counter_0: Any, counter_1: Any) -> tuple[tf.Tensor, tf.Tensor]:
    """Threefry-2x32-20: two words of random bits for each pair of counters (uint32, broadcast together)."""
    keys = (key_0, key_1, tf.bitwise.bitwise_xor(tf.bitwise.bitwise_xor(key_0, key_1), tf.constant(_PARITY, tf.uint32)))
    first, second = counter_0 + keys[0], counter_1 + keys[1]
    for group in range(5):
        for rotation in _ROTATIONS[group % 2]:
            first = first + second
            second = tf.bitwise.bitwise_xor(_rotate(second, rotation), first)
        first = first + keys[(group + 1) % 3]
        second = second + keys[(group + 2) % 3] + tf.constant(group + 1, tf.uint32)
    return first, second


def _rotate(words: tf.Tensor, by: int) -> tf.Tensor:
    left = tf.bitwise.left_shift(words, tf.constant(by, tf.uint32))
    return tf.bitwise.bitwise_or(left, tf.bitwise.right_shift(words, tf.constant(32 - by, tf.uint32)))
