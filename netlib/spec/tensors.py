"""Static shapes and dtypes: what is known of a tensor before TensorFlow is imported."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import prod

Shape = tuple[int | None, ...]
"""All axes, the batch first; None is an axis whose length is not known (the batch always)."""

DTYPE_BYTES = {
    "bool": 1, "uint8": 1, "int8": 1, "uint16": 2, "int16": 2, "float16": 2, "bfloat16": 2,
    "uint32": 4, "int32": 4, "float32": 4, "uint64": 8, "int64": 8, "float64": 8,
}  # fmt: skip


@dataclass(frozen=True)
class TensorSpec:
    """Shape (batch first, None where unknown) and dtype of a tensor.

    `maximum` is the largest of the whole numbers that an input of indices can have, None where that is not known; it makes no
    difference between two that are otherwise equal.
    """

    shape: Shape
    dtype: str = "float32"
    maximum: int | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{show(self.shape)} {self.dtype}" if self.known else self.dtype

    @property
    def known(self) -> bool:
        """Whether it is more than `UNKNOWN_TENSOR`."""
        return self is not UNKNOWN_TENSOR

    @property
    def batched(self) -> bool:
        """Whether its first axis is the batch: that of a variable, or of a sum over all samples, is not."""
        return bool(self.shape) and self.shape[0] is None

    def fits(self, other: TensorSpec) -> bool:
        """Whether it may stand for the other: equal axes where both are known, and the same dtype or both floating-point."""
        if len(self.shape) != len(other.shape):
            return False
        known = (pair for pair in zip(self.shape, other.shape, strict=True) if None not in pair)
        both_floating = "float" in self.dtype and "float" in other.dtype
        return all(one == two for one, two in known) and (self.dtype == other.dtype or both_floating)


UNKNOWN_TENSOR = TensorSpec((), "known at build")
"""Stands for a tensor of which Keras has to be asked, before TensorFlow is there."""


def show(shape: Shape) -> str:
    """`(batch, 28, 28, 1)`; an unknown axis is `?`."""
    axes = ["batch" if axis is None and i == 0 else "?" if axis is None else str(axis) for i, axis in enumerate(shape)]
    return f"({', '.join(axes)})"


def elements(shape: Shape) -> int | None:
    """Number of elements without the batch axis; None if another axis is unknown."""
    return known_product(shape[1:])


def known_product(axes: Shape) -> int | None:
    """Product of the axes, None if one of them is unknown."""
    known = [axis for axis in axes if axis is not None]
    return prod(known) if len(known) == len(axes) else None


def greatest(tensors: Iterable[TensorSpec]) -> int | None:
    """The largest whole number that one of them can have; None if that is not known of all."""
    known = [tensor.maximum for tensor in tensors]
    return None if not known or None in known else max(each for each in known if each is not None)


def sum_known(counts: Iterable[int | None]) -> int | None:
    """The sum; None if one is not known."""
    total = 0
    for count in counts:
        if count is None:
            return None
        total += count
    return total
