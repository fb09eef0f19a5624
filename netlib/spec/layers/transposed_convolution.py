"""Layers that spread a kernel over their output: Conv1DTranspose, Conv2DTranspose, Conv3DTranspose."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, Generic, Self, TypeVar

from pydantic import Field, model_validator

from netlib.spec.layer import Weight, need_axis
from netlib.spec.layers.kernels import EitherStridesOrDilation, Filters, KernelAndBias, Size, Sliding, stepping
from netlib.spec.layers.windows import need_places
from netlib.spec.tensors import Shape, known_product
from netlib.spec.types import NaturalPair, NaturalSingle, NaturalTriple, Padding, Pair, Single, Triple

Extra = TypeVar("Extra", bound=tuple[int, ...])


class _OutputPadded(Sliding[Size, Padding], Generic[Size, Extra]):
    strides: Size = stepping("Steps along each axis of the output from place to place of the input")
    padding: Padding = Field(
        "valid",
        description="valid: all that the kernels reach; same: cut so that strides alone grow the input.",
    )
    output_padding: Extra | None = Field(
        None,
        description="How much longer than the least the output is along each axis (with same: than (length - 1) * stride + 1"
        " for an odd kernel); by default as much as `padding` says.",
    )


class TransposedConvolution(
    KernelAndBias, EitherStridesOrDilation[Size, Padding], _OutputPadded[Size, Extra], Filters, Generic[Size, Extra]
):
    """The transpose of a convolution over one, two or three axes."""

    @property
    def kernel_outputs(self) -> tuple[int, ...]:
        """The axis of the filters."""
        return (-2,)

    @model_validator(mode="after")
    def _transpose_of_some_convolution(self) -> Self:
        if self.output_padding is None:
            return self
        for span, stride, extra in zip(self.spans, self.strides, self.output_padding, strict=True):
            least = 1 - span % 2 if self.padding == "same" else 0
            most = stride - span % 2 if self.padding == "same" else stride - 1
            if not least <= extra <= most:
                raise ValueError(
                    f"output_padding (= {list(self.output_padding)}) must be from {least} to {most} where the stride is"
                    f" {stride}, the kernel reaches {span} and padding is {self.padding}"
                )
        return self

    def output_shape(self, shape: Shape) -> Shape:
        """(batch, *places, filters), with the axes of places grown by the strides."""
        axes = need_places(self, shape, len(self.kernel_size))
        return self.given(shape, tuple(self.lengths(axes)), self.filters)

    def lengths(self, axes: Sequence[Any]) -> list[Any]:
        """Lengths of the output from those of the input, which may be anything to calculate with; None stays None."""
        extra = self.output_padding or (None,) * len(self.spans)
        return [
            None if axis is None else self._length(axis, span, stride, more)
            for axis, span, stride, more in zip(axes, self.spans, self.strides, extra, strict=True)
        ]

    def _length(self, axis: Any, span: int, stride: int, extra: int | None) -> Any:
        if self.padding == "same":
            return axis * stride if extra is None else (axis - 1) * stride + span % 2 + extra
        return (axis - 1) * stride + (max(span, stride) if extra is None else span + extra)

    def weights(self, shape: Shape) -> list[Weight]:
        """`kernel` (*kernel_size, filters, input channels) and `bias` (filters)."""
        kernel = self.weight("kernel", *self.kernel_size, self.filters, need_axis(self, shape))
        return [kernel, *self.bias(self.filters)]

    def macs(self, shape: Shape) -> int | None:
        """One for each element of the kernel, at each place of the input."""
        places = known_product(shape[1:-1])
        return None if places is None else places * prod(self.kernel_size) * self.filters * need_axis(self, shape)


class Conv1DTranspose(TransposedConvolution[Single, NaturalSingle]):
    """The transpose of a convolution: each place of a sequence (batch, time, features) spreads a kernel over the output.

    It has the shapes of a Conv1D's gradient, and so undoes how that one's strides shrink a sequence.
    """


class Conv2DTranspose(TransposedConvolution[Pair, NaturalPair]):
    """The transpose of a convolution: each place of an image (batch, height, width, channels) spreads a kernel over the output.

    It has the shapes of a Conv2D's gradient, and so undoes how that one's strides shrink an image.
    """


class Conv3DTranspose(TransposedConvolution[Triple, NaturalTriple]):
    """The transpose of a convolution: each place of a volume (batch, depth, height, width, channels) spreads a kernel over the
    output.

    It has the shapes of a Conv3D's gradient, and so undoes how that one's strides shrink a volume.
    """
