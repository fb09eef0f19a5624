"""Layers that summarise windows of an image: MaxPooling2D, AveragePooling2D, GlobalAveragePooling2D."""

from __future__ import annotations

from pydantic import Field

from netlib.spec.layer import LayerSpec, need_rank
from netlib.spec.tensors import Shape
from netlib.spec.types import Padding, Pair
from netlib.spec.windows import windows


class _Pooling2D(LayerSpec):
    # Measured: XLA's windows and their gradients take 3 to 10 times as long as the graph's.
    fast_xla_on_cpu = False
    shorthand = "pool_size"
    pool_size: Pair = Field(description="Height and width of the window; one number stands for both.")
    strides: Pair | None = Field(None, description="Steps of the window down and across; those of pool_size if null.")
    padding: Padding = Field(
        "valid", description="valid: the window stays inside; same: it may reach out, where there is nothing to count."
    )

    def output_shape(self, shape: Shape) -> Shape:
        """(batch, height, width, channels), by the windows that find room."""
        places = windows(self, shape, self.pool_size, self.strides or self.pool_size, self.padding)
        return (shape[0], *places, shape[3])


class MaxPooling2D(_Pooling2D):
    """The largest value of each window of an image (batch, height, width, channels)."""

    pool_size: Pair = Field((2, 2), description="Height and width of the window; one number stands for both.")


class AveragePooling2D(_Pooling2D):
    """The mean of each window of an image (batch, height, width, channels)."""


class GlobalAveragePooling2D(LayerSpec):
    """The mean over height and width of an image (batch, height, width, channels)."""

    keepdims: bool = Field(False, description="Whether height and width stay, with length 1.")

    def output_shape(self, shape: Shape) -> Shape:
        """(batch, channels), or (batch, 1, 1, channels)."""
        need_rank(self, shape, 4, "(batch, height, width, channels)")
        return (shape[0], 1, 1, shape[3]) if self.keepdims else (shape[0], shape[3])
