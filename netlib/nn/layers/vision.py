"""Layers of image networks that are composed of others: SqueezeExcite, PatchEmbedding."""

from __future__ import annotations

from netlib.nn.composed import Composed
from netlib.spec.layers import vision as spec


class SqueezeExcite(Composed):
    """Weighs the channels of an image (batch, height, width, channels) by what is in all of them.

    >>> from netlib import nn
    >>> nn.SqueezeExcite(2)(tf.ones([1, 4, 4, 8])).shape
    TensorShape([1, 4, 4, 8])
    """

    composition = spec.SqueezeExcite


class PatchEmbedding(Composed):
    """Vectors of an image's patches: (batch, height, width, channels) to (batch, patches, embed_dim).

    >>> from netlib import nn
    >>> nn.PatchEmbedding(4, embed_dim=6, class_token=True)(tf.ones([1, 8, 8, 3])).shape
    TensorShape([1, 5, 6])
    """

    composition = spec.PatchEmbedding
