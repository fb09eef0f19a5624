"""Attention in which several heads of the query share one of key and value: GroupedQueryAttention."""

from __future__ import annotations

import tensorflow as tf

from netlib.nn.layers.attending import Heads
from netlib.nn.layers.positions import turned
from netlib.spec.layers import grouped_attention as spec


class GroupedQueryAttention(Heads[spec.GroupedQueryAttention]):
    """Means of the values, weighed by how well the keys answer the queries, several heads of which share a key.

    >>> from netlib import nn
    >>> layer = nn.GroupedQueryAttention(head_dim=4, num_query_heads=6, num_key_value_heads=2, rotary={})
    >>> attended = layer(tf.ones([1, 3, 8]), tf.ones([1, 5, 8]))
    >>> attended["output"].shape, attended["scores"].shape, layer.key_kernel.shape
    (TensorShape([1, 3, 8]), TensorShape([1, 6, 3, 5]), TensorShape([8, 2, 4]))
    """

    def placed(self, heads: tf.Tensor) -> tf.Tensor:
        """Turned by their places, where that is asked for."""
        rotary = self.spec.rotary
        return heads if rotary is None else turned(heads, rotary.max_wavelength, rotary.scaling_factor, axes=(2, 3))
