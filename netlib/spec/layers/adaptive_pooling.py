"""Layers that summarise as many parts of a sequence, an image or a volume as are asked for, whatever its size.

Part i of n of an axis goes from `floor(i * length / n)` to `ceil((i + 1) * length / n)`, as in torch and Keras: parts overlap
where n does not divide the length.
"""

from __future__ import annotations

from pydantic import Field

from netlib.spec.layer import LayerSpec
from netlib.spec.layers.windows import Sizes, need_places
from netlib.spec.tensors import Shape
from netlib.spec.types import Pair, Single, Triple


class AdaptivePoolingSpec(LayerSpec):
    """Base of layers that summarise a number of parts of each axis."""

    fast_xla_on_cpu = False
    shorthand = "output_size"
    output_size: Sizes = Field(description="Number of parts of each axis.")

    def output_shape(self, shape: Shape) -> Shape:
        """(batch, *output_size, channels)."""
        need_places(self, shape, len(self.output_size))
        return (shape[0], *self.output_size, shape[-1])


class _Adaptive1D(AdaptivePoolingSpec):
    output_size: Single = Field(description="Length of the output.")


class _Adaptive2D(AdaptivePoolingSpec):
    output_size: Pair = Field(description="Height and width of the output; one number stands for both.")


class _Adaptive3D(AdaptivePoolingSpec):
    output_size: Triple = Field(description="Depth, height and width of the output; one number stands for all.")


class _Average(AdaptivePoolingSpec):
    keeps_input = False
    keeps_output = False


class AdaptiveAveragePooling1D(_Adaptive1D, _Average):
    """The mean of each of a number of parts of a sequence (batch, time, features) of any length."""


class AdaptiveAveragePooling2D(_Adaptive2D, _Average):
    """The mean of each of height x width parts of an image (batch, height, width, channels) of any size."""


class AdaptiveAveragePooling3D(_Adaptive3D, _Average):
    """The mean of each of depth x height x width parts of a volume (batch, depth, height, width, channels) of any size."""


class AdaptiveMaxPooling1D(_Adaptive1D):
    """The largest value of each of a number of parts of a sequence (batch, time, features) of any length."""


class AdaptiveMaxPooling2D(_Adaptive2D):
    """The largest value of each of height x width parts of an image (batch, height, width, channels) of any size."""


class AdaptiveMaxPooling3D(_Adaptive3D):
    """The largest value of each of depth x height x width parts of a volume (batch, depth, height, width, channels) of any
    size."""
