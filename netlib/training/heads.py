"""Heads, on the device: an output as a person reads it, and a target as a loss or a metric of that output takes it."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from netlib.spec.heads import encoding
from netlib.spec.losses import Link, Wants
from netlib.spec.tensors import TensorSpec

_LINKS: dict[Link | None, Callable[[tf.Tensor], tf.Tensor]] = {
    "softmax": tf.nn.softmax,
    "sigmoid": tf.nn.sigmoid,
    None: tf.identity,
}


def linked(output: tf.Tensor, link: Link | None) -> tf.Tensor:
    """Probabilities in place of logits; an output without a link is what it is."""
    return _LINKS[link](output)


def encoded(target: tf.Tensor, output: tf.Tensor, wants: Wants) -> tf.Tensor:
    """The target as class index (the output's shape without its last axis), one-hot, or in the output's shape and dtype.

    Raises:
        SpecError: it cannot be brought into that form.
    """
    form = encoding(wants, _spec(output), _spec(target))
    if form == "like output":
        return tf.cast(tf.reshape(target, tf.shape(output)), output.dtype)
    index = tf.reshape(tf.cast(target, tf.int32), tf.shape(output)[:-1])
    return index if form == "index" else tf.one_hot(index, output.shape[-1], dtype=output.dtype)


def _spec(tensor: tf.Tensor) -> TensorSpec:
    return TensorSpec(tuple(tensor.shape), tensor.dtype.name)
