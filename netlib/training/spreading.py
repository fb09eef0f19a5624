"""Gives all workers the weights that the first one has, such as those of the best checkpoint, which only that one may read."""

from __future__ import annotations

import tensorflow as tf

from netlib.nn.network import Network
from netlib.training.replicas import Replicas


def spread_weights(model: Network, replicas: Replicas) -> None:
    """Makes the weights of every worker those of the first, to the bit; all must call it at the same place.

    Raises:
        WorkerLost: one does not answer.
    """
    if replicas.workers == 1:
        return
    variables = [each.variable for each in model.named_variables()]
    own = [_addable(tf.convert_to_tensor(variable.read_value())) for variable in variables]
    with replicas.watched():
        told = tf.function(_sent, autograph=False)(replicas, own)
        for variable, values in zip(variables, told, strict=True):
            variable.assign(_as_was(values, variable))


def _sent(replicas: Replicas, own: list[tf.Tensor]) -> list[tf.Tensor]:
    """What the first of all replicas has, added up with nothing of the others."""

    def one() -> list[tf.Tensor]:
        is_first = replicas.part(replicas.count).start == 0
        return replicas.sums(own if is_first else [tf.zeros_like(each) for each in own])

    return list(replicas.run(one))


def _addable(value: tf.Tensor) -> tf.Tensor:
    """What is not float32 goes byte by byte: not every type can be added up."""
    if value.dtype == tf.float32:
        return value
    return tf.cast(tf.bitcast(tf.cast(value, tf.uint8) if value.dtype == tf.bool else value, tf.uint8), tf.int32)


def _as_was(values: tf.Tensor, variable: tf.Variable) -> tf.Tensor:
    if variable.dtype == tf.float32:
        return values
    if variable.dtype == tf.bool:
        return tf.cast(values, tf.bool)
    return tf.bitcast(tf.cast(values, tf.uint8), variable.dtype)
