"""Layers that weigh the places of a sequence as they are, without projections: Attention, AdditiveAttention."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import tensorflow as tf

from netlib.nn.layers.attending import Attending
from netlib.spec.layers import dot_attention as spec

SpecType = TypeVar("SpecType", bound=spec.Attention | spec.AdditiveAttention)


class PlainAttention(Attending[SpecType], Generic[SpecType]):
    """Base of those that compare query and key as they are."""

    def call(
        self, query: tf.Tensor, value: tf.Tensor, key: Any = None, training: Any = False, mask: Any = None
    ) -> dict[str, tf.Tensor]:
        """`output` (batch, the query's time, the value's features) and `scores`, the weights before dropout (batch, the query's
        time, the value's time)."""
        weights = self.weighed(self.compared(query, value if key is None else key), mask)
        return {"output": tf.matmul(self.dropped(weights, training), value), "scores": self.cast(weights)}

    def compared(self, query: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
        """How well each place of the key answers each of the query: [batch, query's time, key's time]."""
        raise NotImplementedError

    def _sums(self, query: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
        """Of each place of the query with each of the key: [batch, query's time, key's time, features]."""
        return query[:, :, tf.newaxis] + key[:, tf.newaxis]


class Attention(PlainAttention[spec.Attention]):
    """Means of the values, weighed by the products of queries and keys.

    >>> from netlib import nn
    >>> attended = nn.Attention()(tf.ones([1, 3, 8]), tf.ones([1, 5, 8]))
    >>> attended["output"].shape, attended["scores"][0, 0].numpy()
    (TensorShape([1, 3, 8]), array([0.2, 0.2, 0.2, 0.2, 0.2], dtype=float32))
    """

    scale: tf.Variable
    concat_score_weight: tf.Variable

    def compared(self, query: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
        """The products, or with concat sums over tanh."""
        factor = self.cast(self.scale) if self.spec.use_scale else 1.0
        if self.spec.score_mode == "dot":
            return self.widened(tf.matmul(query, key, transpose_b=True)) * self.widened(factor)
        sums = tf.reduce_sum(self.widened(tf.tanh(factor * self._sums(query, key))), axis=-1)
        return self.widened(self.concat_score_weight) * sums


class AdditiveAttention(PlainAttention[spec.AdditiveAttention]):
    """Means of the values, weighed by sums over the features of queries and keys.

    >>> from netlib import nn
    >>> attended = nn.AdditiveAttention()(tf.ones([1, 3, 8]), tf.ones([1, 5, 8]))
    >>> attended["output"].shape, attended["scores"].shape
    (TensorShape([1, 3, 8]), TensorShape([1, 3, 5]))
    """

    scale: tf.Variable

    def compared(self, query: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
        """The sums over the features, each with its factor."""
        bounded = self.widened(tf.tanh(self._sums(query, key)))
        return tf.reduce_sum(self.widened(self.scale) * bounded if self.spec.use_scale else bounded, axis=-1)
