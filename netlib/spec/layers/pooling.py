"""Layers that summarise windows of an image, or all places of an image or a sequence."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import Field, model_validator

from netlib.spec.layer import LayerSpec, need_rank
from netlib.spec.layers.padding import WindowPadding
from netlib.spec.layers.windows import windows
from netlib.spec.tensors import Shape
from netlib.spec.types import Pair

_IMAGE = "(batch, height, width, channels)"


class _Pooling2D(LayerSpec):
    # Measured: XLA's windows and their gradients take 3 to 10 times as long as the graph's.
    fast_xla_on_cpu = False
    shorthand = "pool_size"
    pool_size: Pair = Field(description="Height and width of the window; one number stands for both.")
    strides: Pair | None = Field(None, description="Steps of the window down and across; those of pool_size if null.")
    padding: WindowPadding = Field(
        "valid",
        description="valid: the window stays inside; same: it may reach out, where there is nothing to count; or rows and"
        " columns put around: on all sides, for height and width, or ((top, bottom), (left, right)).",
    )

    @model_validator(mode="after")
    def _every_window_meets_the_image(self) -> Self:
        if isinstance(self.padding, str):
            return self
        for name, length, side in zip(("height", "width"), self.pool_size, self.padding, strict=True):
            if max(side) >= length:
                raise ValueError(
                    f"padding (= {list(side)} along the {name}) must be less than pool_size (= {length} there), so that"
                    " every window meets the image"
                )
        return self

    def output_shape(self, shape: Shape) -> Shape:
        """(batch, height, width, channels), by the windows that find room."""
        places = windows(self, shape, self.pool_size, self.strides or self.pool_size, self.padding)
        return (shape[0], *places, shape[3])


class MaxPooling2D(_Pooling2D):
    """The largest value of each window of an image (batch, height, width, channels). What is put around never counts."""

    # TensorFlow is deterministic in every run, and XLA refuses the gradient then.
    xla = False
    pool_size: Pair = Field((2, 2), description="Height and width of the window; one number stands for both.")


class AveragePooling2D(_Pooling2D):
    """The mean of each window of an image (batch, height, width, channels)."""

    keeps_input = False
    keeps_output = False
    count_padding: bool = Field(
        True,
        description="Whether explicit padding counts, as zeros (as in torch); that of `same` never does (as in Keras).",
    )


class AdaptiveAveragePooling2D(LayerSpec):
    """The mean of each of height x width parts of an image (batch, height, width, channels) of any size.

    Part i of n of an axis goes from `floor(i * length / n)` to `ceil((i + 1) * length / n)`, as in torch: parts overlap where n
    does not divide the length.
    """

    keeps_input = False
    keeps_output = False
    fast_xla_on_cpu = False
    shorthand = "output_size"
    output_size: Pair = Field(description="Height and width of the output; one number stands for both.")

    def output_shape(self, shape: Shape) -> Shape:
        """(batch, *output_size, channels)."""
        need_rank(self, shape, 4, _IMAGE)
        return (shape[0], *self.output_size, shape[3])


class _Global(LayerSpec):
    axes: ClassVar[str]
    keepdims: bool = Field(False, description="Whether the axes that are summarised stay, with length 1.")

    def output_shape(self, shape: Shape) -> Shape:
        """(batch, channels), or with axes of length 1 between."""
        rank = self.axes.count(",") + 1
        need_rank(self, shape, rank, self.axes)
        return (shape[0], *[1] * (rank - 2), shape[-1]) if self.keepdims else (shape[0], shape[-1])


class GlobalAveragePooling2D(_Global):
    """The mean over height and width of an image (batch, height, width, channels)."""

    keeps_input = False
    keeps_output = False
    axes = _IMAGE


class GlobalMaxPooling2D(_Global):
    """The largest value over height and width of an image (batch, height, width, channels)."""

    axes = _IMAGE


class GlobalAveragePooling1D(_Global):
    """The mean over the places of a sequence (batch, time, features) that its mask does not leave out; 0 where none is left."""

    keeps_input = False
    keeps_output = False
    axes = "(batch, time, features)"
    uses_mask = True


class GlobalMaxPooling1D(_Global):
    """The largest value over the places of a sequence (batch, time, features) that its mask does not leave out.

    0 where none is left. Keras's takes no notice of the mask.
    """

    axes = "(batch, time, features)"
    uses_mask = True
