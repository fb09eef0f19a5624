"""Layers that make one tensor of several: Add, Concatenate."""

from __future__ import annotations

from functools import reduce

from pydantic import Field

from netlib.spec.errors import SpecError
from netlib.spec.layer import LayerSpec, ShapeLayerSpec, need_feature_axis, need_min_rank
from netlib.spec.tensors import Shape, show
from netlib.spec.types import Int


class Add(LayerSpec):
    """The sum of its inputs, element by element.

    Shapes need not be equal: as in NumPy, an axis of length 1 is repeated, and a sample with fewer axes gets axes of length 1 in
    front (after the batch).
    """

    supports_masking = True
    inputs = ()
    variadic = True

    def output_shape(self, *shapes: Shape) -> Shape:
        """The common shape of all inputs."""
        _need_inputs(self, shapes)
        for shape in shapes:
            need_min_rank(self, shape, 1)
        return reduce(self._common, shapes)

    def _common(self, first: Shape, second: Shape) -> Shape:
        rank = max(len(first), len(second))
        pairs = zip(_padded(first, rank), _padded(second, rank), strict=True)
        axes = []
        for one, other in pairs:
            if None not in (one, other) and one != other and 1 not in (one, other):
                raise SpecError(
                    f"Add needs inputs of one shape, or axes of length 1 where they differ,"
                    f" got {show(first)} and {show(second)}"
                )
            axes.append(_broadcast(one, other))
        return (_broadcast(first[0], second[0]), *axes)


class Concatenate(ShapeLayerSpec):
    """Its inputs one behind the other along an axis; the other axes agree."""

    inputs = ()
    variadic = True
    axis: Int = Field(-1, description="Axis along which the inputs are put together; not the batch.")

    def output_shape(self, *shapes: Shape) -> Shape:
        """The inputs', with the sum of their lengths along the axis."""
        _need_inputs(self, shapes)
        axis = need_feature_axis(self, shapes[0], self.axis)
        return reduce(lambda first, second: self._joined(first, second, axis), shapes)

    def output_dtype(self, compute: str, *inputs: str) -> str:
        """The dtype of its inputs, which is the same for all."""
        if len(set(inputs)) > 1:
            raise SpecError(f"Concatenate needs inputs of one dtype, got {' and '.join(inputs)}")
        return inputs[0]

    def _joined(self, first: Shape, second: Shape, axis: int) -> Shape:
        others = [i for i in range(len(first)) if i != axis]
        if len(first) != len(second) or not all(_agree(first[i], second[i]) for i in others):
            raise SpecError(
                f"Concatenate along axis {self.axis} needs inputs that agree in all other axes,"
                f" got {show(first)} and {show(second)}"
            )
        joined = [one if other is None else other for one, other in zip(first, second, strict=True)]
        one, other = first[axis], second[axis]
        joined[axis] = None if one is None or other is None else one + other
        return tuple(joined)


def _need_inputs(layer: LayerSpec, shapes: tuple[Shape, ...]) -> None:
    if not shapes:
        raise SpecError(f"{layer.type_name()} needs at least one input, got none")


def _padded(shape: Shape, rank: int) -> Shape:
    return (*[1] * (rank - len(shape)), *shape[1:])


def _broadcast(one: int | None, other: int | None) -> int | None:
    """Length of two axes together; an unknown one beside a length above 1 must turn out 1 or the same."""
    if one == 1 or other == 1:
        return other if one == 1 else one
    return one if other is None else other


def _agree(one: int | None, other: int | None) -> bool:
    return one == other or None in (one, other)
