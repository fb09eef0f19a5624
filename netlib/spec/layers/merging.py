"""Layers that make one tensor of several: by their elements (Add and its like), one behind the other, stacked, or multiplied."""

from __future__ import annotations

from functools import reduce

from pydantic import Field, field_validator

from netlib.spec.errors import SpecError
from netlib.spec.layer import LayerSpec, ShapeLayerSpec, need_feature_axis, need_min_rank
from netlib.spec.tensors import Shape, known_product, show
from netlib.spec.types import Axes, Int


class _Elementwise(LayerSpec):
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
                    f"{self.type_name()} needs inputs of one shape, or axes of length 1 where they differ,"
                    f" got {show(first)} and {show(second)}"
                )
            axes.append(_broadcast(one, other))
        return (_broadcast(first[0], second[0]), *axes)


class Add(_Elementwise):
    """The sum of its inputs, element by element.

    Shapes need not be equal: as in NumPy, an axis of length 1 is repeated, and a sample with fewer axes gets axes of length 1 in
    front (after the batch).
    """

    keeps_input = False
    keeps_output = False
    in_place = True


class Subtract(_Elementwise):
    """The first input minus the second, element by element; shapes as of Add."""

    keeps_input = False
    keeps_output = False
    in_place = True

    def output_shape(self, *shapes: Shape) -> Shape:
        """The common shape of both inputs."""
        _need_two(self, shapes)
        return super().output_shape(*shapes)


class Multiply(_Elementwise):
    """The product of its inputs, element by element; shapes as of Add."""

    keeps_output = False


class Average(_Elementwise):
    """The mean of its inputs, element by element; shapes as of Add."""

    keeps_input = False
    keeps_output = False
    in_place = True


class Maximum(_Elementwise):
    """The largest of its inputs, element by element; shapes as of Add."""


class Minimum(_Elementwise):
    """The smallest of its inputs, element by element; shapes as of Add."""


class _Joined(ShapeLayerSpec):
    inputs = ()
    variadic = True

    def output_dtype(self, compute: str, *inputs: str) -> str:
        """The dtype of its inputs, which is the same for all."""
        if len(set(inputs)) > 1:
            raise SpecError(f"{self.type_name()} needs inputs of one dtype, got {' and '.join(inputs)}")
        return inputs[0]


class Concatenate(_Joined):
    """Its inputs one behind the other along an axis; the other axes agree.

    So are their masks along the axis after the batch, where one without a mask is real everywhere; along a later axis a place
    stays that all masks leave.
    """

    supports_masking = True
    axis: Int = Field(-1, description="Axis along which the inputs are put together; not the batch.")

    def output_shape(self, *shapes: Shape) -> Shape:
        """The inputs', with the sum of their lengths along the axis."""
        _need_inputs(self, shapes)
        axis = need_feature_axis(self, shapes[0], self.axis)
        return reduce(lambda first, second: self._joined(first, second, axis), shapes)

    def _joined(self, first: Shape, second: Shape, axis: int) -> Shape:
        others = [i for i in range(len(first)) if i != axis]
        if len(first) != len(second) or not all(_agree(first[i], second[i]) for i in others):
            raise SpecError(
                f"Concatenate along axis {self.axis} needs inputs that agree in all other axes,"
                f" got {show(first)} and {show(second)}"
            )
        joined = list(_merged(first, second))
        one, other = first[axis], second[axis]
        joined[axis] = None if one is None or other is None else one + other
        return tuple(joined)


class Stack(_Joined):
    """Its inputs, all of one shape, side by side along a new axis.

    Behind the axis after the batch, a place stays that all masks leave; where the new axis is that one, there is no mask.
    """

    shorthand = "axis"
    supports_masking = True
    axis: Int = Field(1, description="Where the new axis stands in the output; not the batch.")

    def output_shape(self, *shapes: Shape) -> Shape:
        """The inputs', with a new axis as long as there are inputs."""
        _need_inputs(self, shapes)
        common = reduce(self._same, shapes)
        axis = self.place(len(common))
        return (*common[:axis], len(shapes), *common[axis:])

    def place(self, rank: int) -> int:
        """The new axis counted from the front, for inputs of that rank.

        Raises:
            SpecError: the output has no such axis, or it is the batch.
        """
        if not -rank <= self.axis <= rank or self.axis == 0:
            raise SpecError(
                f"Stack has axis (= {self.axis}); for inputs of rank {rank} it is from 1 to {rank}, or from {-rank} to -1"
            )
        return self.axis % (rank + 1)

    def _same(self, first: Shape, second: Shape) -> Shape:
        if len(first) != len(second) or not all(map(_agree, first, second)):
            raise SpecError(f"Stack needs inputs of one shape, got {show(first)} and {show(second)}")
        return _merged(first, second)


class Dot(LayerSpec):
    """The scalar products of the first input's vectors along an axis with the second's, sample by sample."""

    keeps_output = False
    shorthand = "axes"
    inputs = ()
    variadic = True
    axes: Axes = Field(description="Axis of the vectors, or one for each of the two inputs; not the batch.")
    normalize: bool = Field(False, description="Whether the vectors are brought to length 1: cosines, then.")

    @field_validator("axes")
    @classmethod
    def _one_or_two(cls, axes: int | tuple[int, ...]) -> int | tuple[int, ...]:
        if isinstance(axes, tuple) and len(axes) != 2:
            raise ValueError(f"expected one axis, or one for each of the two inputs, got {list(axes)}")
        return axes

    def output_shape(self, *shapes: Shape) -> Shape:
        """(batch, the other axes of the first, the other axes of the second); (batch, 1) where there are none."""
        first, second = self.places(*shapes)
        others = (*_without(shapes[0], first), *_without(shapes[1], second))
        return (_broadcast(shapes[0][0], shapes[1][0]), *(others or (1,)))

    def places(self, *shapes: Shape) -> tuple[int, int]:
        """The axes counted from the front.

        Raises:
            SpecError: not two inputs, they have no such axes, or of different lengths.
        """
        _need_two(self, shapes)
        axes = self.axes if isinstance(self.axes, tuple) else (self.axes, self.axes)
        first, second = (need_feature_axis(self, shape, axis) for shape, axis in zip(shapes, axes, strict=True))
        if not _agree(shapes[0][first], shapes[1][second]):
            raise SpecError(
                f"Dot needs vectors of one length, got axis {axes[0]} of {show(shapes[0])} and axis {axes[1]} of"
                f" {show(shapes[1])}"
            )
        return first, second

    def macs(self, *shapes: Shape) -> int | None:
        """One for each element of a vector, for each element of the output."""
        first, second = self.places(*shapes)
        length = shapes[0][first] if shapes[0][first] is not None else shapes[1][second]
        return known_product((*self.output_shape(*shapes)[1:], length))


def _need_inputs(layer: LayerSpec, shapes: tuple[Shape, ...]) -> None:
    if not shapes:
        raise SpecError(f"{layer.type_name()} needs at least one input, got none")


def _need_two(layer: LayerSpec, shapes: tuple[Shape, ...]) -> None:
    if len(shapes) != 2:
        raise SpecError(f"{layer.type_name()} needs two inputs, got {len(shapes) or 'none'}")


def _padded(shape: Shape, rank: int) -> Shape:
    return (*[1] * (rank - len(shape)), *shape[1:])


def _broadcast(one: int | None, other: int | None) -> int | None:
    """Length of two axes together; an unknown one beside a length above 1 must turn out 1 or the same."""
    if one == 1 or other == 1:
        return other if one == 1 else one
    return one if other is None else other


def _agree(one: int | None, other: int | None) -> bool:
    return one == other or None in (one, other)


def _merged(first: Shape, second: Shape) -> Shape:
    """What is known of two shapes that agree."""
    return tuple(one if other is None else other for one, other in zip(first, second, strict=True))


def _without(shape: Shape, axis: int) -> Shape:
    return tuple(length for i, length in enumerate(shape) if i not in (0, axis))
