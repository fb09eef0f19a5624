"""Layers that summarise windows of a sequence, an image or a volume."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from netlib.spec.layer import LayerSpec
from netlib.spec.layers.padding import WindowPadding1D, WindowPadding2D, WindowPadding3D
from netlib.spec.layers.windows import Around, Sizes, windows
from netlib.spec.tensors import Shape
from netlib.spec.types import Pair, Single, Triple

_AXES = {1: ("time",), 2: ("height", "width"), 3: ("depth", "height", "width")}
_WINDOW = {
    1: "Length of the window.",
    2: "Height and width of the window; one number stands for both.",
    3: "Depth, height and width of the window; one number stands for all.",
}
_PADDING = "valid: the window stays inside; same: it may reach out, where there is nothing to count; or "


class PoolingSpec(LayerSpec):
    """Base of layers that summarise windows."""

    # Measured: XLA's windows and their gradients take 3 to 10 times as long as the graph's.
    fast_xla_on_cpu = False
    shorthand = "pool_size"
    pool_size: Sizes = Field(description="Lengths of the window.")
    strides: Sizes | None = Field(None, description="Steps of the window; those of pool_size if null.")
    padding: Around = Field("valid", description="What is put around.")

    @model_validator(mode="after")
    def _every_window_meets_the_input(self) -> Self:
        if isinstance(self.padding, str):
            return self
        for name, length, side in zip(_AXES[len(self.pool_size)], self.pool_size, self.padding, strict=True):
            if max(side) >= length:
                raise ValueError(
                    f"padding (= {list(side)} along the {name}) must be less than pool_size (= {length} there), so that"
                    " every window meets the input"
                )
        return self

    def output_shape(self, shape: Shape) -> Shape:
        """(batch, ..., channels), by the windows that find room."""
        return (
            shape[0],
            *windows(self, shape, self.pool_size, self.strides or self.pool_size, self.padding),
            shape[-1],
        )


class AveragePoolingSpec(PoolingSpec):
    """Base of layers that give the mean of each window."""

    keeps_input = False
    keeps_output = False
    count_padding: bool = Field(
        True,
        description="Whether explicit padding counts, as zeros (as in torch); that of `same` never does (as in Keras).",
    )


class MaxPoolingSpec(PoolingSpec):
    """Base of layers that give the largest value of each window."""

    # TensorFlow is deterministic in every run, and XLA refuses the gradient then.
    xla = False


class _Pooling1D(PoolingSpec):
    pool_size: Single = Field(description=_WINDOW[1])
    strides: Single | None = Field(None, description="Steps of the window; those of pool_size if null.")
    padding: WindowPadding1D = Field(
        "valid", description=f"{_PADDING}places put around: on both sides, or (before, behind)."
    )


class _Pooling2D(PoolingSpec):
    pool_size: Pair = Field(description=_WINDOW[2])
    strides: Pair | None = Field(None, description="Steps of the window down and across; those of pool_size if null.")
    padding: WindowPadding2D = Field(
        "valid",
        description=f"{_PADDING}rows and columns put around: on all sides, for height and width, or ((top, bottom), (left,"
        " right)).",
    )


class _Pooling3D(PoolingSpec):
    pool_size: Triple = Field(description=_WINDOW[3])
    strides: Triple | None = Field(None, description="Steps of the window along each axis; those of pool_size if null.")
    padding: WindowPadding3D = Field(
        "valid",
        description=f"{_PADDING}what is put around: on all sides, for depth, height and width, or ((front, back), (top,"
        " bottom), (left, right)).",
    )


class MaxPooling1D(_Pooling1D, MaxPoolingSpec):
    """The largest value of each window of a sequence (batch, time, features). What is put around never counts."""

    pool_size: Single = Field((2,), description=_WINDOW[1])


class MaxPooling2D(_Pooling2D, MaxPoolingSpec):
    """The largest value of each window of an image (batch, height, width, channels). What is put around never counts."""

    pool_size: Pair = Field((2, 2), description=_WINDOW[2])


class MaxPooling3D(_Pooling3D, MaxPoolingSpec):
    """The largest value of each window of a volume (batch, depth, height, width, channels). What is put around never counts."""

    pool_size: Triple = Field((2, 2, 2), description=_WINDOW[3])


class AveragePooling1D(_Pooling1D, AveragePoolingSpec):
    """The mean of each window of a sequence (batch, time, features)."""


class AveragePooling2D(_Pooling2D, AveragePoolingSpec):
    """The mean of each window of an image (batch, height, width, channels)."""


class AveragePooling3D(_Pooling3D, AveragePoolingSpec):
    """The mean of each window of a volume (batch, depth, height, width, channels)."""
