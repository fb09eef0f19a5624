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
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import blake2b
from typing import Any

import tensorflow as tf

from netlib.nn.box_muller import normal_of

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = 0x1BD11BDA


def stable_hash(*parts: object, bits: int = 64) -> int:
    """The same whole number below 2^bits for the same parts, in every process and on every machine."""
    text = "\x1f".join(map(str, parts))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little") & ((1 << bits) - 1)


@dataclass
class ForwardPass:
    """What the random numbers of one forward pass depend on, besides the layer: the run's seed, the step, and where the batch
    begins in the global batch (scalars, tensors or not); in a loop also which one it is, and the round, counted from 1."""

    seed: int
    step: Any
    first_row: Any = 0
    calls: Counter[str] = field(default_factory=Counter)
    loops: tuple[str, ...] = ()
    round: Any = 0


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


@contextmanager
def folded(length: Any) -> Iterator[None]:
    """Inside, each sample has `length` rows of the batch instead of one, each with numbers of its own."""
    current = _current.get()
    row = None if current is None else tf.cast(current.first_row, tf.uint32) * tf.cast(length, tf.uint32)
    token = _current.set(current and replace(current, first_row=row))
    try:
        yield
    finally:
        _current.reset(token)


def loop_begun(path: str) -> ForwardPass | None:
    """What the random numbers in the loop at `path` depend on, for `in_round`; None outside of `forward_pass`."""
    current = _current.get()
    if current is None:
        return None
    number = current.calls[path]
    current.calls[path] += 1
    return replace(current, loops=(*current.loops, f"{path} {number}"))


@contextmanager
def in_round(loop: ForwardPass | None, number: Any, rounds: Any) -> Iterator[None]:
    """Inside is the round `number`, from 0, of a loop of at most so many `rounds` (scalars, tensors or not). Its body may be
    traced once for all of them, or run in Python for each: what is drawn is the same."""
    inside = None
    if loop is not None:
        whole = tf.constant(rounds % 2**32, tf.uint32) if isinstance(rounds, int) else tf.cast(rounds, tf.uint32)
        count = whole + tf.constant(1, tf.uint32)
        outer = tf.cast(loop.round, tf.uint32) * count
        this = outer + tf.cast(number, tf.uint32) + tf.constant(1, tf.uint32)
        inside = replace(loop, calls=Counter(), round=this)
    token = _current.set(inside)
    try:
        yield
    finally:
        _current.reset(token)


def uniform(purpose: str, path: str, shape: Any) -> tf.Tensor:
    """Uniform float32 numbers in [0, 1) of that shape, the first axis being the samples.

    Outside of `forward_pass` each call draws anew, and no two processes draw the same.
    """
    return _uniform(*_key(purpose, path), shape)


def normal(purpose: str, path: str, shape: Any) -> tf.Tensor:
    """Float32 numbers of that shape with mean 0 and variance 1, at most 5.77 from 0; else as `uniform`."""
    return _normal(*_key(purpose, path), shape)


class RandomNumbers:
    """A layer's own random numbers; `path` is where it stands."""

    path: str

    @tf.autograph.experimental.do_not_convert
    def random_uniform(self, purpose: str, shape: Any) -> tf.Tensor:
        """Uniform float32 numbers in [0, 1) that depend on the run, this layer, this call and the samples' places alone."""
        return uniform(purpose, self.path, shape)

    @tf.autograph.experimental.do_not_convert
    def random_normal(self, purpose: str, shape: Any) -> tf.Tensor:
        """Float32 numbers of mean 0 and variance 1, which depend on the same; all of them finite."""
        return normal(purpose, self.path, shape)


def _key(purpose: str, path: str) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    """What the numbers of one call begin with: key, step, round, first row."""
    current = _current.get()
    if current is None:
        current = ForwardPass(0, _fresh().uniform_full_int([1], dtype=tf.uint32)[0])
    call = current.calls[path]
    current.calls[path] += 1
    key = stable_hash(current.seed, purpose, path, call, *current.loops)
    words = tf.constant([key & 0xFFFFFFFF, key >> 32], tf.uint32)
    step, number, first_row = (tf.cast(each, tf.uint32) for each in (current.step, current.round, current.first_row))
    return words, step, number, first_row


@cache
def _fresh() -> tf.random.Generator:
    """A generator of our own: TensorFlow refuses to make its global one once determinism is on, as it is in every run."""
    with tf.init_scope():
        return tf.random.Generator.from_seed(secrets.randbits(63))


def fresh_state() -> tf.Variable:
    """What `uniform` draws from outside of a `forward_pass`; in no tree, for it is to differ from process to process."""
    return _fresh().state


@tf.function(jit_compile=True, autograph=False)
def _uniform(key: tf.Tensor, step: tf.Tensor, number: tf.Tensor, first_row: tf.Tensor, shape: Any) -> tf.Tensor:
    """Shape is a tuple where it is known, else a vector."""
    bits, _ = _words(key, step, number, first_row, shape)
    # The upper 24 bits are exact in float32.
    numbers = tf.cast(tf.bitwise.right_shift(bits, tf.constant(8, tf.uint32)), tf.float32) * 2.0**-24
    return tf.reshape(numbers, shape)


@tf.function(jit_compile=True, autograph=False)
def _normal(key: tf.Tensor, step: tf.Tensor, number: tf.Tensor, first_row: tf.Tensor, shape: Any) -> tf.Tensor:
    return tf.reshape(normal_of(*_words(key, step, number, first_row, shape)), shape)


def _words(
    key: tf.Tensor, step: tf.Tensor, number: tf.Tensor, first_row: tf.Tensor, shape: Any
) -> tuple[tf.Tensor, tf.Tensor]:
    """Two words of random bits for each element: [rows, elements of a row]."""
    key_0, key_1 = threefry(key[0], key[1], step, number)
    rows = tf.range(shape[0], dtype=tf.int32)
    per_row = tf.reduce_prod(shape[1:])
    columns = tf.range(per_row, dtype=tf.int32)
    row_index = tf.cast(rows, tf.uint32)[:, None] + first_row
    column_index = tf.cast(columns, tf.uint32)[None, :]
    return threefry(key_0, key_1, row_index, column_index)


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
