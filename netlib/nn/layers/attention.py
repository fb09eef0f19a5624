"""Layers that weigh the places of a sequence by how well they answer: MultiHeadAttention."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.spec.layers import attention as spec


class MultiHeadAttention(Layer[spec.MultiHeadAttention]):
    """Means of the values, weighed by how well the keys answer the queries. The weights are computed in float32.

    In the equations: b batch, t time of the query, s time of key and value, n heads, h and v sizes of a head, f features.
    """

    query_kernel: tf.Variable
    key_kernel: tf.Variable
    value_kernel: tf.Variable
    output_kernel: tf.Variable

    def call(
        self, query: tf.Tensor, value: tf.Tensor, key: Any = None, training: Any = False, mask: Any = None
    ) -> tf.Tensor:
        """(batch, the query's time, output_dim).

        `mask` is that of each input, bool [batch, time] or None; or one mask alone: of the value [batch, time], or of which place
        of the query may see which of the value [batch, query's time, value's time].
        """
        queries = self._projected("query", query) * self.spec.key_dim**-0.5
        keys = self._projected("key", value if key is None else key)
        scores = tf.cast(tf.einsum("btnh,bsnh->bnts", queries, keys), tf.float32)
        weights = self.cast(self._dropped(_softmax(scores, self._visible(scores, mask)), training))
        means = tf.einsum("bnts,bsnv->btnv", weights, self._projected("value", value))
        return self._with_bias("output", tf.einsum("btnv,nvo->bto", means, self.cast(self.output_kernel)))

    def compute_mask(self, *inputs: tf.Tensor, mask: Any = None) -> Any:
        """The query's."""
        return mask[0] if isinstance(mask, tuple) else None

    def _projected(self, name: str, inputs: tf.Tensor) -> tf.Tensor:
        return self._with_bias(name, tf.einsum("btf,fnh->btnh", inputs, self.cast(getattr(self, f"{name}_kernel"))))

    def _with_bias(self, name: str, outputs: tf.Tensor) -> tf.Tensor:
        return outputs + self.cast(getattr(self, f"{name}_bias")) if self.spec.use_bias else outputs

    def _visible(self, scores: tf.Tensor, mask: Any) -> Any:
        """Which place of the value (s) each of the query (t) sees: bool that fits [batch, heads, t, s]; None for all."""
        seen = [] if mask is None else [each for each in _seen(mask) if each is not None]
        if self.spec.use_causal_mask:
            asked, answered = tf.unstack(tf.shape(scores))[2:]
            seen.append(tf.range(asked)[:, tf.newaxis] >= tf.range(answered)[tf.newaxis, :])
        visible = None
        for each in seen:
            visible = each if visible is None else tf.logical_and(visible, each)
        return visible

    def _dropped(self, weights: tf.Tensor, training: Any) -> tf.Tensor:
        if not training or self.spec.dropout == 0:
            return weights
        shape = tuple(weights.shape) if weights.shape.is_fully_defined() else tf.shape(weights)
        keep = self.random_uniform("dropout", shape) >= self.spec.dropout
        return tf.where(keep, weights * (1.0 / (1.0 - self.spec.dropout)), 0)


def _seen(mask: Any) -> list[Any]:
    """What each mask leaves to see, with the axes of [batch, heads, t, s]."""
    if not isinstance(mask, tuple):
        return [mask[:, tf.newaxis] if mask.shape.rank == 3 else mask[:, tf.newaxis, tf.newaxis]]
    query, *answers = mask
    seen = [] if query is None else [query[:, tf.newaxis, :, tf.newaxis]]
    return seen + [each[:, tf.newaxis, tf.newaxis] for each in answers if each is not None]


def _softmax(scores: tf.Tensor, visible: Any) -> tf.Tensor:
    """Along the last axis, over what is visible; 0 where nothing is."""
    if visible is None:
        return tf.nn.softmax(scores)
    return tf.where(visible, tf.nn.softmax(tf.where(visible, scores, scores.dtype.min)), 0)
