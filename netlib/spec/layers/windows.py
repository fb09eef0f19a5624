"""The arithmetic of windows that slide over the axes of a sequence, an image or a volume: convolutions and pooling."""

from __future__ import annotations

from typing import Literal

from netlib.spec.errors import SpecError
from netlib.spec.layer import LayerSpec, need_rank
from netlib.spec.layers.padding import Side, grown
from netlib.spec.tensors import Shape, show

Around = Literal["valid", "same"] | tuple[Side, ...]
"""What stands around, as a spec's `padding` has it: by rule, or before and behind each axis."""
Sizes = tuple[int, ...]
"""A number for each axis that windows slide over."""

AXES = {
    1: "(batch, time, features)",
    2: "(batch, height, width, channels)",
    3: "(batch, depth, height, width, channels)",
}
"""What is read, by the number of axes that windows slide over."""


def need_places(layer: LayerSpec, shape: Shape, count: int) -> Shape:
    """The axes that windows slide over.

    Raises:
        SpecError: the shape has not that many of them.
    """
    need_rank(layer, shape, count + 2, AXES[count])
    return shape[1:-1]


def windows(
    layer: LayerSpec, shape: Shape, size: Sizes, strides: Sizes, padding: Around, dilation: Sizes | None = None
) -> Shape:
    """How many places a window has along each axis, None where the axis is unknown.

    Raises:
        SpecError: not as many axes as the window has, or the window is larger than them with their padding.
    """
    axes = need_places(layer, shape, len(size))
    if padding == "same":
        return tuple(None if axis is None else (axis - 1) // step + 1 for axis, step in zip(axes, strides, strict=True))
    spans = reach(size, dilation)
    lengths = axes if padding == "valid" else grown(axes, padding)
    _need_room(layer, shape, lengths, spans, padding)
    return tuple(
        None if length is None else (length - span) // stride + 1
        for length, span, stride in zip(lengths, spans, strides, strict=True)
    )


def reach(size: Sizes, dilation: Sizes | None = None) -> Sizes:
    """How far it is along each axis from a window's first entry to its last."""
    return tuple(step * (length - 1) + 1 for length, step in zip(size, dilation or (1,) * len(size), strict=True))


def simplest(padding: Around, spans: Sizes, strides: Sizes) -> Around:
    """The same padding by its rule where there is one: `valid` for none, `same` where steps of 1 keep every length."""
    if isinstance(padding, str):
        return padding
    if not any(map(any, padding)):
        return "valid"
    kept = tuple(((span - 1) // 2, span // 2) for span in spans)
    return "same" if padding == kept and max(strides) == 1 else padding


def _need_room(layer: LayerSpec, shape: Shape, lengths: Shape, spans: Sizes, padding: Around) -> None:
    if all(length is None or span <= length for length, span in zip(lengths, spans, strict=True)):
        return
    around = "" if padding == "valid" else f" with padding {[list(side) for side in padding]}"
    raise SpecError(
        f"{layer.type_name()}'s window of {' x '.join(map(str, spans))} is larger than its input {show(shape)}{around};"
        " make it smaller, or use padding: same"
    )
