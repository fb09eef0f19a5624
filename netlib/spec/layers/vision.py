"""Layers of image networks that are composed of others: SqueezeExcite, PatchEmbedding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from netlib.spec.choice import Activation
from netlib.spec.errors import SpecError
from netlib.spec.fields import biased
from netlib.spec.layer import need_axis, need_rank
from netlib.spec.layers.composed import ComposedSpec, InnerWeights
from netlib.spec.tensors import Shape, show
from netlib.spec.types import Pair, PositiveInt


class _Squeezing(ComposedSpec):
    units: PositiveInt = Field(description="Length of the first layer's output, as a quarter of the channels.")
    activation: Activation = Field("relu", validate_default=True, description="Function behind the first layer.")
    gate: Activation = Field("sigmoid", validate_default=True, description="Function that makes the factors.")
    use_bias: bool = biased()


class SqueezeExcite(InnerWeights, _Squeezing):
    """Weighs the channels of an image (batch, height, width, channels) by what is in all of them.

    The means over the image go through two dense layers, the first of `units`, and come out as a factor for each channel. Hu
    and others, *Squeeze-and-Excitation Networks*, 2018.
    """

    shorthand = "units"

    def nodes(self, given: Mapping[str, Shape]) -> list[Any]:
        """`reduce` and `expand` are the dense layers."""
        shape = given["input"]
        need_rank(self, shape, 4, "(batch, height, width, channels)")
        plain = self.to_plain()
        both = {"use_bias": self.use_bias, **self.handed_on}
        return [
            {"GlobalAveragePooling2D": {"keepdims": True}, "name": "pooled"},
            {"Dense": {"units": self.units, "activation": plain["activation"], **both}, "name": "reduce"},
            {"Dense": {"units": need_axis(self, shape), "activation": plain["gate"], **both}, "name": "expand"},
            {"Multiply": None, "from": ["input", "expand"], "name": "weighed"},
        ]


class _Patches(ComposedSpec):
    patch_size: Pair = Field(description="Height and width of a patch; one number stands for both.")
    embed_dim: PositiveInt = Field(description="Length of each patch's vector.")
    class_token: bool = Field(False, description="Whether a trained vector stands in front of those of the patches.")
    use_bias: bool = biased()


class PatchEmbedding(InnerWeights, _Patches):
    """Vectors of the patches of an image (batch, height, width, channels), row by row: (batch, patches, embed_dim).

    With a class token, one more vector stands in front, the same for all samples and trained. Dosovitskiy and others, *An Image
    is Worth 16x16 Words*, 2021.
    """

    def nodes(self, given: Mapping[str, Shape]) -> list[Any]:
        """`projection` is the convolution that makes the vectors, `token` the one in front."""
        shape = given["input"]
        need_rank(self, shape, 4, "(batch, height, width, channels)")
        for axis, size, name in zip(shape[1:3], self.patch_size, ("height", "width"), strict=True):
            if axis is not None and axis % size:
                raise SpecError(
                    f"PatchEmbedding's patches of {name} {size} do not fill its input {show(shape)}: {axis} is no"
                    f" multiple of {size}"
                )
        both = {"use_bias": self.use_bias, **self.handed_on}
        patch = {"kernel_size": list(self.patch_size), "strides": list(self.patch_size)}
        found: list[Any] = [
            {"Conv2D": {"filters": self.embed_dim, **patch, **both}, "name": "projection"},
            {"Reshape": [-1, self.embed_dim], "name": "patches"},
        ]
        if self.class_token:
            found += [
                {"Variable": {"shape": [1, self.embed_dim], "initializer": "zeros"}, "name": "token"},
                {"Compute": "concatenate([like(token, patches), patches], axis=1)", "name": "tokens"},
            ]
        return found
