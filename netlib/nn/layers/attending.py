"""What the layers that attend share: masks, softmax and dropout of the weights, and projections to heads and back.

In the comments on shapes: b batch, t time of the query, s time of key and value, n heads, h size of a head, f features.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any, Generic, TypeVar

import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.spec.layers import attending as spec

SpecType = TypeVar("SpecType", bound=spec.AttendingSpec)
HeadsType = TypeVar("HeadsType", bound=spec.HeadsSpec)


class Attending(Layer[SpecType], Generic[SpecType]):
    """Base of what makes means of values with weights from queries and keys. The weights are computed in float32 at least.

    `mask` of a call is that of each input, bool [batch, time] or None; or one mask alone: of the value [batch, time], or of which
    place of the query may see which of the value [batch, query's time, value's time].
    """

    def compute_mask(self, *inputs: tf.Tensor, mask: Any = None) -> Any:
        """The query's."""
        return mask[0] if isinstance(mask, tuple) else None

    def masks_by_port(self, inputs: Sequence[Any], outputs: Mapping[str, Any], mask: Any) -> dict[str, Any]:
        """That of the means alone."""
        masks = super().masks_by_port(inputs, outputs, mask)
        return {"output": masks["output"]} if "output" in masks else {}

    def weighed(self, scores: tf.Tensor, mask: Any) -> tf.Tensor:
        """Weights whose sum over the last axis is 1, of scores [b, t, s] or [b, n, t, s]; 0 where nothing is seen."""
        scores = self.widened(scores)
        masks = [] if mask is None else _seen(mask)
        past = [_past(scores)] if self.spec.use_causal_mask else []
        if not masks and not past:
            return tf.nn.softmax(scores)
        visible = reduce(tf.logical_and, [*masks, *past])
        visible = visible[:, tf.newaxis] if scores.shape.rank == 4 else visible
        # A sum, which TensorFlow spreads over the heads far faster than a choice.
        weights = tf.nn.softmax(scores + tf.where(visible, tf.zeros([], scores.dtype), scores.dtype.min / 2))
        if not masks:
            return weights
        return weights * tf.cast(tf.reduce_any(visible, axis=-1, keepdims=True), weights.dtype)

    def dropped(self, weights: tf.Tensor, training: Any) -> tf.Tensor:
        """In training without some, the others larger; in the compute dtype."""
        rate = self.spec.dropout
        if not training or rate == 0:
            return self.cast(weights)
        shape = tuple(weights.shape) if weights.shape.is_fully_defined() else tf.shape(weights)
        keep = self.random_uniform("dropout", shape) >= rate
        return self.cast(tf.where(keep, weights * (1.0 / (1.0 - rate)), tf.zeros([], weights.dtype)))


class Heads(Attending[HeadsType], Generic[HeadsType]):
    """Base of what attends in several heads."""

    query_kernel: tf.Variable
    key_kernel: tf.Variable
    value_kernel: tf.Variable
    output_kernel: tf.Variable

    def call(
        self, query: tf.Tensor, value: tf.Tensor, key: Any = None, training: Any = False, mask: Any = None
    ) -> dict[str, tf.Tensor]:
        """`output` (batch, the query's time, features) and `scores`, the weights before dropout (batch, heads, the query's time,
        the value's time)."""
        queries = self.placed(self._split("query", query)) * self.spec.heads["query"][1] ** -0.5
        keys = self.placed(self._split("key", value if key is None else key))
        values = self._split("value", value)
        batch, heads, asked, _ = lengths(queries)
        _, groups, answered, size = lengths(values)
        # The heads that share a key stand one behind the other, as if they were further places.
        queries = tf.reshape(queries, [batch, groups, heads // groups * asked, queries.shape[-1]])
        scores = tf.reshape(tf.matmul(queries, keys, transpose_b=True), [batch, heads, asked, answered])
        weights = self.weighed(scores, mask)
        used = tf.reshape(self.dropped(weights, training), [batch, groups, heads // groups * asked, answered])
        means = tf.reshape(tf.matmul(used, values), [batch, heads, asked, size])
        joined = tf.reshape(tf.transpose(means, [0, 2, 1, 3]), [batch, asked, heads * size])
        return {"output": self._projected("output", joined), "scores": self.cast(weights)}

    def placed(self, heads: tf.Tensor) -> tf.Tensor:
        """Queries or keys [b, n, t, h], told their places."""
        return heads

    def _split(self, name: str, inputs: tf.Tensor) -> tf.Tensor:
        """[b, t, f] to [b, n, t, h]."""
        projected, sizes = self._projected(name, inputs), self.spec.heads[name]
        return tf.transpose(tf.reshape(projected, [*lengths(projected)[:2], *sizes]), [0, 2, 1, 3])

    def _projected(self, name: str, inputs: tf.Tensor) -> tf.Tensor:
        """[b, t, f] by the kernel as one matrix: on the CPU the fastest way both in graphs and under XLA."""
        batch, places, features = lengths(inputs)
        kernel = tf.reshape(self.cast(getattr(self, f"{name}_kernel")), [features, -1])
        outputs = tf.matmul(tf.reshape(inputs, [-1, features]), kernel)
        if self.spec.use_bias:
            outputs += tf.reshape(self.cast(getattr(self, f"{name}_bias")), [-1])
        return tf.reshape(outputs, [batch, places, kernel.shape[-1]])


def lengths(tensor: tf.Tensor) -> list[Any]:
    """Those of its axes: numbers where they are known, else tensors."""
    dynamic = tf.shape(tensor)
    return [dynamic[axis] if length is None else length for axis, length in enumerate(tensor.shape)]


def _past(scores: tf.Tensor) -> tf.Tensor:
    """[1, t, s]: for each place, itself and those before it."""
    asked, answered = lengths(scores)[-2:]
    return tf.range(asked)[tf.newaxis, :, tf.newaxis] >= tf.range(answered)[tf.newaxis, tf.newaxis, :]


def _seen(mask: Any) -> list[tf.Tensor]:
    """What each mask leaves to see, with the axes of [b, t, s]."""
    if not isinstance(mask, tuple):
        return [mask if mask.shape.rank == 3 else mask[:, tf.newaxis]]
    query, *answers = mask
    seen = [] if query is None else [query[:, :, tf.newaxis]]
    return seen + [each[:, tf.newaxis] for each in answers if each is not None]
