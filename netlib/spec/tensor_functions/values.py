"""What is known of a value inside a tensor expression before it is computed, and how values line up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from netlib.spec.errors import SpecError
from netlib.spec.tensors import Shape


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor of which the shape (None where unknown), the dtype and the axis of the batch, if it has one, are known."""

    shape: Shape
    dtype: str
    batch: int | None = None

    def __str__(self) -> str:
        names = [
            "batch" if i == self.batch else "?" if axis is None else str(axis) for i, axis in enumerate(self.shape)
        ]
        return f"({', '.join(names)})"

    def of(self, dtype: str) -> Value:
        """The same with that dtype."""
        return self if dtype == self.dtype else replace(self, dtype=dtype)


class Inference:
    """What is gathered while the values of one expression are inferred.

    `macs` are multiply-accumulates per sample, None if an axis that they need is not known; `couples_rows` says whether rows of
    the batch come to depend on each other.
    """

    def __init__(self) -> None:
        self.macs: int | None = 0
        self.couples_rows = False

    def couple(self) -> None:
        """Rows of the batch come to depend on each other here."""
        self.couples_rows = True

    def count(self, axes: Sequence[int | None]) -> None:
        """A matrix product over these axes, the batch left out."""
        product: int | None = 1
        for axis in axes:
            product = None if axis is None or product is None else product * axis
        self.macs = None if product is None or self.macs is None else self.macs + product


def position(axis: int, rank: int, what: str = "axis") -> int:
    """The axis counted from the front.

    Raises:
        SpecError: a tensor of that rank has no such axis.
    """
    if not -rank <= axis < rank:
        axes = "no axes" if rank == 0 else f"axes {-rank} to {rank - 1}"
        raise SpecError(f"{what} {axis} is out of range: the tensor has {axes}")
    return axis % rank


def positions(axes: Sequence[int] | None, rank: int) -> tuple[int, ...]:
    """Axes counted from the front, all of them for None."""
    if axes is None:
        return tuple(range(rank))
    found = tuple(position(axis, rank) for axis in axes)
    if len(set(found)) < len(found):
        raise SpecError(f"axis {list(axes)} names an axis twice")
    return found


def agree(values: Sequence[Value], axes: Sequence[int]) -> int | None:
    """The common length of one axis of each value, that must be equal.

    The batch has any length, so it agrees with no number.

    Raises:
        SpecError: they differ.
    """
    lengths = {value.shape[axis] for value, axis in zip(values, axes, strict=True)}
    known = lengths - {None}
    batch = any(value.batch == axis for value, axis in zip(values, axes, strict=True))
    if len(known) > 1 or (batch and known):
        raise mismatch(values)
    return next(iter(known), None)


def mismatch(values: Sequence[Value], why: str = "") -> SpecError:
    """The error of values that do not fit each other."""
    return SpecError(f"the shapes {' and '.join(map(str, values))} do not fit each other{why}")


def broadcast(inference: Inference, values: Sequence[Value]) -> tuple[Shape, int | None]:
    """Shape and batch axis of values combined element by element: lined up from the right as in NumPy.

    Raises:
        SpecError: two axes that meet are neither equal nor 1.
    """
    first = values[0]
    others = [
        value for value in values[1:] if value.shape and (value.shape != first.shape or value.batch != first.batch)
    ]
    if not others:
        return first.shape, first.batch
    rank = max(len(value.shape) for value in values)
    shape = tuple(_meeting(inference, values, axis - rank) for axis in range(rank))
    batches = [value.batch + rank - len(value.shape) for value in values if value.batch is not None]
    if len(set(batches)) > 1:
        inference.couple()
    return shape, batches[0] if batches else None


def _meeting(inference: Inference, values: Sequence[Value], axis: int) -> int | None:
    """The length that comes of axes which meet; `axis` counts from the right."""
    meeting = [value for value in values if len(value.shape) >= -axis]
    lengths = {value.shape[axis] for value in meeting}
    known = {length for length in lengths if length is not None} - {1}
    is_batch = [value.batch is not None and value.batch - len(value.shape) == axis for value in meeting]
    batch = any(is_batch)
    unknown = [value.shape[axis] is None for value in meeting]
    # An unknown axis has the length of the batch only where rows already met, as in `x @ transpose(x)`.
    strange = batch and unknown != is_batch and not inference.couples_rows
    if len(known) > 1 or (batch and known) or strange:
        raise mismatch(values)
    if known:
        return known.pop()
    return None if None in lengths else 1


def without(value: Value, axes: Sequence[int], dtype: str | None = None, keep: bool = False) -> Value:
    """The value with those axes taken away, or of length 1 with `keep`."""
    if keep:
        shape = tuple(1 if i in axes else axis for i, axis in enumerate(value.shape))
    else:
        shape = tuple(axis for i, axis in enumerate(value.shape) if i not in axes)
    batch = value.batch
    if batch is not None:
        batch = None if batch in axes else batch if keep else batch - sum(axis < batch for axis in axes)
    return Value(shape, dtype or value.dtype, batch)


def with_axis(value: Value, axis: int, length: int | None) -> Value:
    """The value with that axis of another length."""
    return replace(value, shape=(*value.shape[:axis], length, *value.shape[axis + 1 :]))


def inserted(value: Value, axis: int, length: int = 1) -> Value:
    """The value with a new axis before that one."""
    batch = value.batch if value.batch is None or value.batch < axis else value.batch + 1
    return Value((*value.shape[:axis], length, *value.shape[axis:]), value.dtype, batch)
