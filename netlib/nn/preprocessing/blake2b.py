"""BLAKE2b (RFC 7693) of texts, with digests of 8 bytes, in operations of a graph: all rows at once, a block of each at a time."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

_BLOCK = 128
"""Bytes."""
_IV = (
    0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1,
    0x510E527FADE682D1, 0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179,
)  # fmt: skip
_SIGMA = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
    (14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3),
    (11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4),
    (7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8),
    (9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13),
    (2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9),
    (12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11),
    (13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10),
    (6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5),
    (10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0),
)
_ROUNDS = 12
_FORM = 0x01010008
"""A digest of 8 bytes, without a key."""


def digests(texts: tf.Tensor) -> tf.Tensor:
    """The digest of each text's bytes as a little-endian integer, uint64 (rows,)."""
    lengths = tf.strings.length(texts)
    blocks = tf.maximum((lengths + _BLOCK - 1) // _BLOCK, 1)
    most = tf.reduce_max(tf.concat([blocks, [1]], axis=0))
    words = _words(texts, most)
    begin = _constant((_IV[0] ^ _FORM, *_IV[1:])) + tf.zeros([tf.shape(texts)[0], 8], tf.uint64)

    def body(index: tf.Tensor, state: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        read = tf.cast(tf.minimum(lengths, (index + 1) * _BLOCK), tf.uint64)
        last = tf.where(index == blocks - 1, _constant(2**64 - 1), _constant(0))
        mixed = _compressed(state, words[:, index], read, last)
        return index + 1, tf.where((index < blocks)[:, None], mixed, state)

    _, state = tf.while_loop(lambda index, _: index < most, body, (tf.constant(0), begin))
    return state[:, 0]


def _words(texts: tf.Tensor, blocks: tf.Tensor) -> tf.Tensor:
    """The bytes of each text, filled up with 0, as uint64 (rows, blocks, 16)."""
    read = tf.io.decode_raw(texts, tf.uint8, fixed_length=blocks * _BLOCK)
    return tf.bitcast(tf.reshape(read, [-1, blocks, 16, 8]), tf.uint64)


def _compressed(state: tf.Tensor, words: tf.Tensor, read: tf.Tensor, last: tf.Tensor) -> tf.Tensor:
    """The state after a block; the matrix of RFC 7693 is held by its rows, each of four words."""
    none = tf.zeros_like(read)
    a, b = state[:, :4], state[:, 4:]
    c = _constant(_IV[:4]) + tf.zeros_like(a)
    d = tf.bitwise.bitwise_xor(_constant(_IV[4:]) + tf.zeros_like(a), tf.stack([read, none, last, none], axis=1))
    for number in range(_ROUNDS):
        sigma = _SIGMA[number % len(_SIGMA)]
        parts = [tf.gather(words, sigma[start:end:2], axis=1) for start, end in ((0, 8), (1, 8), (8, 16), (9, 16))]
        a, b, c, d = _mixed(a, b, c, d, parts[0], parts[1])
        a, b, c, d = _mixed(a, _turned(b, 1), _turned(c, 2), _turned(d, 3), parts[2], parts[3])
        b, c, d = _turned(b, 3), _turned(c, 2), _turned(d, 1)
    mixed = tf.bitwise.bitwise_xor(tf.concat([a, b], axis=1), tf.concat([c, d], axis=1))
    return tf.bitwise.bitwise_xor(state, mixed)


def _mixed(
    a: tf.Tensor, b: tf.Tensor, c: tf.Tensor, d: tf.Tensor, x: tf.Tensor, y: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    for words, by_d, by_b in ((x, 32, 24), (y, 16, 63)):
        a = a + b + words
        d = _rotated(tf.bitwise.bitwise_xor(d, a), by_d)
        c = c + d
        b = _rotated(tf.bitwise.bitwise_xor(b, c), by_b)
    return a, b, c, d


def _turned(row: tf.Tensor, by: int) -> tf.Tensor:
    return tf.gather(row, [(place + by) % 4 for place in range(4)], axis=1)


def _rotated(words: tf.Tensor, by: int) -> tf.Tensor:
    right = tf.bitwise.right_shift(words, _constant(by))
    return tf.bitwise.bitwise_or(right, tf.bitwise.left_shift(words, _constant(64 - by)))


def _constant(value: int | tuple[int, ...]) -> tf.Tensor:
    return tf.constant(np.array(value, np.uint64))  # a list of Python's would pass through float64
