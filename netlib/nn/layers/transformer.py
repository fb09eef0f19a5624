"""The blocks of a transformer, composed of attention and dense layers: TransformerEncoderBlock, TransformerDecoderBlock."""

from __future__ import annotations

from netlib.nn.composed import Composed
from netlib.spec.layers import transformer as spec


class TransformerEncoderBlock(Composed):
    """Attention of a sequence (batch, time, features) to itself, then two dense layers for each place; the shape stays.

    >>> from netlib import nn
    >>> nn.TransformerEncoderBlock(32, num_heads=2)(tf.ones([1, 5, 8])).shape
    TensorShape([1, 5, 8])
    """

    composition = spec.TransformerEncoderBlock


class TransformerDecoderBlock(Composed):
    """Attention of a sequence (batch, time, features) to its past, then to a memory where one is given, then two dense layers.

    >>> from netlib import nn
    >>> block = nn.TransformerDecoderBlock(32, num_heads=2)
    >>> block({"sequence": tf.ones([1, 5, 8]), "memory": tf.ones([1, 3, 4])}).shape
    TensorShape([1, 5, 8])
    """

    composition = spec.TransformerDecoderBlock
