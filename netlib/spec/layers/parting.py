"""`Split`: a layer that makes several tensors of one."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, PlainValidator

from netlib.spec.base import shown
from netlib.spec.errors import SpecError
from netlib.spec.layer import ShapeLayerSpec, need_feature_axis
from netlib.spec.tensors import Shape, show
from netlib.spec.types import Int, whole

MAX_PARTS = 10_000
"""Each part is a port of its own."""


def _parts(value: Any) -> int | tuple[int, ...]:
    items = list(map(whole, value)) if isinstance(value, list | tuple) else []
    lengths = tuple(each for each in items if type(each) is int and (each > 0 or each == -1))
    if len(lengths) == len(items) > 1 and lengths.count(-1) <= 1:
        return lengths
    number = whole(value)
    if type(number) is int and 1 < number <= MAX_PARTS:
        return number
    raise ValueError(
        f"expected how many parts, from 2 to {MAX_PARTS}, or a list of their lengths, of which one may be -1, got {shown(value)}"
    )


_AtLeastTwo = Annotated[Int, Field(ge=2, le=MAX_PARTS)]
Parts = Annotated[
    int | tuple[int, ...],
    PlainValidator(_parts, json_schema_input_type=_AtLeastTwo | Annotated[list[Int], Field(min_length=2)]),
]


class Split(ShapeLayerSpec):
    """Its input cut into parts along an axis: the ports `0`, `1`, and so on.

    Along the axis after the batch the mask is cut too; along a later one each part has the whole mask.
    """

    supports_masking = True
    shorthand = "parts"
    parts: Parts = Field(
        description="How many parts of one length, or a list of their lengths; one of them may be -1: whatever is left.",
        examples=[2, [1, -1]],
    )
    axis: Int = Field(-1, description="Axis along which the input is cut; not the batch.")

    def output_shape(self, shape: Shape) -> dict[str, Shape]:
        """The input's, with the length of each part, by port."""
        axis = need_feature_axis(self, shape, self.axis)
        lengths = self.lengths(shape)
        return {str(place): (*shape[:axis], each, *shape[axis + 1 :]) for place, each in enumerate(lengths)}

    def lengths(self, shape: Shape) -> tuple[int | None, ...]:
        """Those of the parts; None where unknown.

        Raises:
            SpecError: the axis has another length than the parts together.
        """
        length = shape[self.axis]
        if isinstance(self.parts, int):
            if length is not None and length % self.parts:
                raise SpecError(
                    f"Split into {self.parts} parts needs an axis that this divides, got axis {self.axis} of length {length}"
                    f" in {show(shape)}; give a list of lengths instead"
                )
            return (None if length is None else length // self.parts,) * self.parts
        known = sum(each for each in self.parts if each > 0)
        rest = None if length is None else length - known
        if rest is not None and (rest < 1 if -1 in self.parts else rest):
            raise SpecError(
                f"Split into parts of {list(self.parts)} needs an axis of length"
                f" {f'{known + 1} or more' if -1 in self.parts else known}, got axis {self.axis} of length {length} in"
                f" {show(shape)}"
            )
        return tuple(rest if each == -1 else each for each in self.parts)
