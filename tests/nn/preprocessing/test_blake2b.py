from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from hashlib import blake2b

import tensorflow as tf

from netlib.nn.preprocessing.blake2b import digests

TEXTS = [b"", b"a", b"\0", "é".encode() * 40, *(b"x" * length for length in (7, 8, 127, 128, 129, 255, 256, 257, 3000))]


def by_hashlib(text: bytes) -> int:
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "little")


def test_digests_are_those_of_hashlib():
    run = tf.function(digests, [tf.TensorSpec([None], tf.string)], autograph=False)
    assert run(tf.constant(TEXTS)).numpy().tolist() == [*map(by_hashlib, TEXTS)]
    assert run(tf.constant([], tf.string)).shape == (0,)
    for text in TEXTS:
        assert int(run(tf.constant([text]))[0]) == by_hashlib(text)
