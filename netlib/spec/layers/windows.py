"""The arithmetic of windows that slide over height and width: convolutions and pooling."""

from __future__ import annotations

from typing import Literal

from netlib.spec.errors import SpecError
from netlib.spec.layer import LayerSpec, need_rank
from netlib.spec.layers.padding import Side
from netlib.spec.tensors import Shape, show
from netlib.spec.types import Pair

Around = Literal["valid", "same"] | tuple[Side, Side]
"""What stands around the image, as a spec's `padding` has it."""


def windows(
    layer: LayerSpec, shape: Shape, size: Pair, strides: Pair, padding: Around, dilation: Pair = (1, 1)
) -> tuple[int | None, int | None]:
    """How many places a window has along height and width, None where the axis is unknown.

    Raises:
        SpecError: not an image, or the window is larger than it with its padding.
    """
    need_rank(layer, shape, 4, "(batch, height, width, channels)")
    spans = reach(size, dilation)
    if padding == "same":
        height, width = (
            None if axis is None else (axis - 1) // stride + 1 for axis, stride in zip(shape[1:3], strides, strict=True)
        )
        return height, width
    sides = ((0, 0), (0, 0)) if padding == "valid" else padding
    lengths = [None if axis is None else axis + sum(side) for axis, side in zip(shape[1:3], sides, strict=True)]
    _need_room(layer, shape, lengths, spans, padding)
    height, width = (
        None if length is None else (length - span) // stride + 1
        for length, span, stride in zip(lengths, spans, strides, strict=True)
    )
    return height, width


def reach(size: Pair, dilation: Pair = (1, 1)) -> Pair:
    """Height and width from a window's first entry to its last."""
    height, width = (step * (length - 1) + 1 for length, step in zip(size, dilation, strict=True))
    return height, width


def simplest(padding: Around, spans: Pair, strides: Pair) -> Around:
    """The same padding by its rule where there is one: `valid` for none, `same` where steps of 1 keep height and width so."""
    if isinstance(padding, str):
        return padding
    if padding == ((0, 0), (0, 0)):
        return "valid"
    kept = tuple(((span - 1) // 2, span // 2) for span in spans)
    return "same" if padding == kept and strides == (1, 1) else padding


def _need_room(layer: LayerSpec, shape: Shape, lengths: list[int | None], spans: Pair, padding: Around) -> None:
    if all(length is None or span <= length for length, span in zip(lengths, spans, strict=True)):
        return
    around = "" if padding == "valid" else f" with padding {[list(side) for side in padding]}"
    raise SpecError(
        f"{layer.type_name()}'s window of {spans[0]} x {spans[1]} is larger than its input {show(shape)}{around};"
        " make it smaller, or use padding: same"
    )
