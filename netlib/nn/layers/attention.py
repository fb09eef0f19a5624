"""Layers that weigh the places of a sequence in several heads, each with projections of its own: MultiHeadAttention."""

from __future__ import annotations

from netlib.nn.layers.attending import Heads
from netlib.spec.layers import attention as spec


class MultiHeadAttention(Heads[spec.MultiHeadAttention]):
    """Means of the values, weighed by how well the keys answer the queries.

    >>> from netlib import nn
    >>> attended = nn.MultiHeadAttention(num_heads=2, key_dim=4)(tf.ones([1, 3, 8]), tf.ones([1, 5, 8]))
    >>> attended["output"].shape, attended["scores"].shape
    (TensorShape([1, 3, 8]), TensorShape([1, 2, 3, 5]))
    """
