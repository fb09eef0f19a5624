"""Functions that put the elements of one tensor into another shape or order."""

from __future__ import annotations

from math import prod

from netlib.spec.errors import SpecError
from netlib.spec.tensor_functions.reductions import along
from netlib.spec.tensor_functions.table import Axes, Int, Ints, Pairs, Real, Result, Sizes, Table, Tensor, Text, listed
from netlib.spec.tensor_functions.values import (
    Inference,
    Value,
    broadcast,
    inserted,
    position,
    positions,
    with_axis,
    without,
)
from netlib.spec.tensors import Shape, known_product

FUNCTIONS: Table = {}


@listed(FUNCTIONS, "reshape(x, [-1, 4, 8])")
def reshape(inference: Inference, x: Tensor, shape: Sizes) -> Result:
    """The elements in another shape, the batch included: -1 for what is left over, null for the axis that x has there."""
    if sum(size == -1 for size in shape) > 1 or any(size is not None and size < -1 for size in shape):
        raise SpecError(f"a shape has lengths, null and at most one -1, got {_shown(shape)}")
    if any(size is None and i >= len(x.shape) for i, size in enumerate(shape)):
        raise SpecError(f"null in {_shown(shape)} stands for an axis that {x} has not")
    left_over = _left_over(x, shape)
    full = tuple(x.shape[i] if size is None else left_over if size == -1 else size for i, size in enumerate(shape))
    if x.batch is None:
        return Value(full, x.dtype)
    if x.batch == 0 and shape and (shape[0] is None or (shape[0] == -1 and _same_rows(x.shape, full))):
        return Value(full, x.dtype, 0)
    inference.couple()
    return Value(full, x.dtype)


def _same_rows(old: Shape, new: Shape) -> bool:
    size = known_product(old[1:])
    return size is not None and size == known_product(new[1:])


def _left_over(x: Value, shape: Sizes) -> int | None:
    """The length that -1 stands for, None if it cannot be known (or there is none)."""
    kept = {i for i, size in enumerate(shape) if size is None}
    rest = [axis for i, axis in enumerate(x.shape) if i not in kept]
    have = prod(axis for axis in rest if axis is not None)
    want = prod(size for size in shape if size is not None and size != -1)
    unknown = [i for i, axis in enumerate(x.shape) if i not in kept and axis is None]
    if unknown and (-1 not in shape or want == 0) and unknown == [x.batch]:
        raise SpecError(f"{x} cannot take the shape {_shown(shape)}: the batch has any length; write -1 or null for it")
    if unknown == [x.batch] and have % want:
        raise SpecError(f"{x} cannot take the shape {_shown(shape)} for every length of the batch")
    if unknown:
        return None
    if (want == 0 or have % want) if -1 in shape else have != want:
        raise SpecError(f"{x} cannot take the shape {_shown(shape)}: {have} elements do not fit {want}")
    return have // want if -1 in shape else None


def _shown(shape: Sizes) -> str:
    return f"[{', '.join('null' if size is None else str(size) for size in shape)}]"


@listed(FUNCTIONS, "transpose(x, [0, 2, 1])")
def transpose(inference: Inference, x: Tensor, axes: Axes = None) -> Result:
    """The axes in another order, the batch included; without an order, from the last to the first."""
    order = tuple(reversed(range(len(x.shape)))) if axes is None else positions(axes, len(x.shape))
    if len(order) != len(x.shape):
        raise SpecError(f"the order {list(order)} does not name every axis of {x} once")
    batch = None if x.batch is None else order.index(x.batch)
    return Value(tuple(x.shape[axis] for axis in order), x.dtype, batch)


@listed(FUNCTIONS, "swapaxes(x, 1, 2)")
def swapaxes(inference: Inference, x: Tensor, axis1: Int, axis2: Int) -> Result:
    """Two axes exchanged."""
    one, two = (position(axis, len(x.shape)) for axis in (axis1, axis2))
    order = list(range(len(x.shape)))
    order[one], order[two] = two, one
    return transpose(inference, x, tuple(order))


@listed(FUNCTIONS, "expand_dims(x, -1)")
def expand_dims(inference: Inference, x: Tensor, axis: Int) -> Result:
    """A new axis of length 1 at that place."""
    return inserted(x, position(axis, len(x.shape) + 1))


@listed(FUNCTIONS, "squeeze(x, -1)")
def squeeze(inference: Inference, x: Tensor, axis: Axes) -> Result:
    """Without those axes, which have length 1; they must be given, as a batch may have length 1 too."""
    axes = positions(axis, len(x.shape))
    for i in axes:
        if x.batch == i or x.shape[i] not in (1, None):
            raise SpecError(f"axis {i} of {x} cannot be squeezed: its length is not 1")
    return without(x, axes)


@listed(FUNCTIONS, "tile(x, [1, 2])")
def tile(inference: Inference, x: Tensor, repeats: Ints) -> Result:
    """The whole tensor several times, a number for each axis."""
    if len(repeats) != len(x.shape) or any(times < 1 for times in repeats):
        raise SpecError(f"'repeats' needs a positive number for each axis of {x}, got {list(repeats)}")
    result = x
    for axis, times in enumerate(repeats):
        result = result if times == 1 else _longer(inference, result, axis, times)
    return result


@listed(FUNCTIONS, "repeat(x, 2, axis=1)")
def repeat(inference: Inference, x: Tensor, repeats: Int, axis: Int) -> Result:
    """Each element several times along an axis."""
    if repeats < 1:
        raise SpecError(f"'repeats' is a positive number, got {repeats}")
    found = position(axis, len(x.shape))
    return x if repeats == 1 else _longer(inference, x, found, repeats)


def _longer(inference: Inference, x: Value, axis: int, times: int) -> Value:
    if x.batch == axis:
        inference.couple()
        return Value(x.shape, x.dtype)
    length = x.shape[axis]
    return with_axis(x, axis, None if length is None else length * times)


@listed(FUNCTIONS, "broadcast_to(x, [null, 3, 4])")
def broadcast_to(inference: Inference, x: Tensor, shape: Sizes) -> Result:
    """x repeated to a shape, lined up from the right; null for an axis as x has it."""
    before = len(shape) - len(x.shape)
    if before < 0 or any(size is None and i < before for i, size in enumerate(shape)):
        raise SpecError(f"{x} cannot be broadcast to {_shown(shape)}: null stands for an axis of x")
    if x.batch is not None and shape[x.batch + before] is not None:
        raise SpecError(f"{x} cannot be broadcast to {_shown(shape)}: the batch has any length, write null for it")
    full = tuple(x.shape[i - before] if size is None else size for i, size in enumerate(shape))
    goal = Value(full, x.dtype, None if x.batch is None else x.batch + before)
    if any(size is not None and size < 0 for size in full) or broadcast(inference, (x, goal))[0] != full:
        raise SpecError(f"{x} cannot be broadcast to {_shown(shape)}")
    return goal


@listed(FUNCTIONS, "pad(x, [[0, 0], [1, 1]])")
def pad(inference: Inference, x: Tensor, paddings: Pairs, mode: Text = "constant", value: Real = 0) -> Result:
    """More elements before and after, a pair for each axis; `mode` is constant, reflect or symmetric."""
    if mode not in ("constant", "reflect", "symmetric"):
        raise SpecError(f"'mode' is 'constant', 'reflect' or 'symmetric', got '{mode}'")
    if len(paddings) != len(x.shape) or any(size < 0 for pair in paddings for size in pair):
        raise SpecError(
            f"'paddings' needs a pair of numbers for each axis of {x}, got {[list(pair) for pair in paddings]}"
        )
    result = x
    for axis, pair in enumerate(paddings):
        if pair == (0, 0):
            continue
        along(inference, x, axis)
        length = x.shape[axis]
        most = None if length is None or mode == "constant" else length - (mode == "reflect")
        if most is not None and max(pair) > most:
            raise SpecError(f"axis {axis} of {x} can be padded with at most {most} in mode '{mode}', got {list(pair)}")
        padded = with_axis(result, axis, None if length is None else length + sum(pair))
        result = Value(padded.shape, x.dtype, None if x.batch == axis else padded.batch)
    return result


@listed(FUNCTIONS, "roll(x, 1, axis=1)")
def roll(inference: Inference, x: Tensor, shift: Int, axis: Int) -> Result:
    """Moved along an axis; what falls off one end comes in at the other."""
    along(inference, x, axis)
    return x


@listed(FUNCTIONS, "flip(x, axis=1)")
def flip(inference: Inference, x: Tensor, axis: Int) -> Result:
    """In the opposite order along an axis."""
    along(inference, x, axis)
    return x


def _triangle(inference: Inference, x: Tensor, k: Int = 0) -> Result:
    if len(x.shape) < 2:
        raise SpecError(f"a triangle needs two axes, got {x}")
    for axis in (-2, -1):
        along(inference, x, axis)
    return x


def _upper(inference: Inference, x: Tensor, k: Int = 0) -> Result:
    """The upper triangle of the last two axes from the k-th diagonal on, zeros elsewhere."""
    return _triangle(inference, x, k)


def _lower(inference: Inference, x: Tensor, k: Int = 0) -> Result:
    """The lower triangle of the last two axes up to the k-th diagonal, zeros elsewhere."""
    return _triangle(inference, x, k)


listed(FUNCTIONS, "triu(x)", "triu")(_upper)
listed(FUNCTIONS, "tril(x)", "tril")(_lower)
