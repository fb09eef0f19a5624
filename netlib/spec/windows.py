"""The arithmetic of windows that slide over height and width: convolutions and pooling."""

from __future__ import annotations

from netlib.spec.errors import SpecError
from netlib.spec.layer import LayerSpec, need_rank
from netlib.spec.tensors import Shape, show
from netlib.spec.types import Pair


def windows(
    layer: LayerSpec, shape: Shape, size: Pair, strides: Pair, padding: str, dilation: Pair = (1, 1)
) -> tuple[int | None, int | None]:
    """How many places a window has along height and width, None where the axis is unknown.

    Raises:
        SpecError: not an image, or the window is larger than it.
    """
    need_rank(layer, shape, 4, "(batch, height, width, channels)")
    spans = [step * (length - 1) + 1 for length, step in zip(size, dilation, strict=True)]
    if padding == "valid":
        _need_room(layer, shape, spans)
    height, width = (
        None if axis is None else _places(axis, span, stride, padding)
        for axis, span, stride in zip(shape[1:3], spans, strides, strict=True)
    )
    return height, width


def _places(axis: int, span: int, stride: int, padding: str) -> int:
    return (axis - 1) // stride + 1 if padding == "same" else (axis - span) // stride + 1


def _need_room(layer: LayerSpec, shape: Shape, spans: list[int]) -> None:
    if any(axis is not None and span > axis for axis, span in zip(shape[1:3], spans, strict=True)):
        raise SpecError(
            f"{layer.type_name()}'s window of {spans[0]} x {spans[1]} is larger than its input {show(shape)};"
            " make it smaller, or use padding: same"
        )
