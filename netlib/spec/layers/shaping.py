"""Layers that change the shape alone: Flatten, Reshape, Permute, RepeatVector."""

from __future__ import annotations

from math import prod

from pydantic import Field, field_validator

from netlib.spec.errors import SpecError
from netlib.spec.layer import ShapeLayerSpec, need_min_rank, need_rank
from netlib.spec.tensors import Shape, elements, show
from netlib.spec.types import Ints, PositiveInt


class Flatten(ShapeLayerSpec):
    """All axes but the batch become one."""

    in_place = True

    def output_shape(self, shape: Shape) -> Shape:
        """(batch, elements of a sample)."""
        need_min_rank(self, shape, 1)
        return (shape[0], elements(shape))


class Reshape(ShapeLayerSpec):
    """The same elements of each sample in another shape."""

    in_place = True
    shorthand = "target_shape"
    target_shape: Ints = Field(description="The shape without the batch; one entry may be -1: whatever is left.")

    @field_validator("target_shape")
    @classmethod
    def _one_left_open(cls, target_shape: tuple[int, ...]) -> tuple[int, ...]:
        if any(axis < 1 and axis != -1 for axis in target_shape) or target_shape.count(-1) > 1:
            raise ValueError(f"expected positive integers and at most one -1, got {list(target_shape)}")
        return target_shape

    def output_shape(self, shape: Shape) -> Shape:
        """(batch, *target_shape), with -1 replaced; None in its place if an axis of the input is unknown."""
        need_min_rank(self, shape, 1)
        given, known = elements(shape), prod(axis for axis in self.target_shape if axis != -1)
        if given is None:
            return (shape[0], *(None if axis == -1 else axis for axis in self.target_shape))
        if given % known or (given != known and -1 not in self.target_shape):
            wanted = f"a multiple of {known}" if -1 in self.target_shape else str(known)
            raise SpecError(
                f"Reshape cannot make {list(self.target_shape)}, {wanted} elements, of {show(shape)}, {given} elements"
            )
        return (shape[0], *(given // known if axis == -1 else axis for axis in self.target_shape))


class Permute(ShapeLayerSpec):
    """The axes of each sample in another order."""

    shorthand = "dims"
    dims: Ints = Field(description="The axes in their new order; 1 is the first one behind the batch.")

    @field_validator("dims")
    @classmethod
    def _each_once(cls, dims: tuple[int, ...]) -> tuple[int, ...]:
        if not dims or sorted(dims) != list(range(1, len(dims) + 1)):
            raise ValueError(f"expected the axes from 1 on, each once, got {list(dims)}")
        return dims

    def output_shape(self, shape: Shape) -> Shape:
        """(batch, ...), the axes exchanged."""
        if len(shape) != len(self.dims) + 1:
            raise SpecError(
                f"Permute with dims {list(self.dims)} needs an input of rank {len(self.dims) + 1}, got {show(shape)}"
            )
        return (shape[0], *(shape[axis] for axis in self.dims))


class RepeatVector(ShapeLayerSpec):
    """A vector (batch, features) at each of `n` places: (batch, n, features)."""

    shorthand = "n"
    n: PositiveInt = Field(description="How often.")

    def output_shape(self, shape: Shape) -> Shape:
        """(batch, n, features)."""
        need_rank(self, shape, 2, "(batch, features)")
        return (shape[0], self.n, shape[1])
