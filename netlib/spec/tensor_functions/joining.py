"""Functions that make one tensor of several or several of one, and that choose elements."""

from __future__ import annotations

from itertools import pairwise

from netlib.spec.errors import SpecError
from netlib.spec.tensor_functions.reductions import along
from netlib.spec.tensor_functions.table import (
    Dtype,
    Index,
    Int,
    Result,
    Sections,
    Table,
    Tensor,
    Tensors,
    listed,
)
from netlib.spec.tensor_functions.values import (
    Inference,
    Value,
    agree,
    inserted,
    mismatch,
    position,
    with_axis,
    without,
)
from netlib.spec.tensors import Shape

FUNCTIONS: Table = {}


@listed(FUNCTIONS, "concatenate([x, y], axis=-1)")
def concatenate(inference: Inference, tensors: Tensors, axis: Int = -1) -> Result:
    """One behind the other along an axis."""
    place = position(axis, _rank(tensors))
    if any(value.batch == place for value in tensors):
        inference.couple()
    joined = _together(inference, [without(value, (place,)) for value in tensors], tensors)
    lengths = [value.shape[place] for value in tensors]
    length = None if None in lengths else sum(size for size in lengths if size is not None)
    return Value((*joined.shape[:place], length, *joined.shape[place:]), joined.dtype, _shifted(joined.batch, place))


@listed(FUNCTIONS, "stack([x, y], axis=1)")
def stack(inference: Inference, tensors: Tensors, axis: Int) -> Result:
    """Side by side along a new axis."""
    place = position(axis, _rank(tensors) + 1)
    return inserted(_together(inference, tensors, tensors), place, len(tensors))


def _rank(tensors: list[Value]) -> int:
    ranks = {len(value.shape) for value in tensors}
    if len(ranks) > 1:
        raise mismatch(tensors, ": they have different numbers of axes")
    return ranks.pop()


def _together(inference: Inference, values: list[Value], shown: list[Value]) -> Value:
    """One value that has what is known of the shapes of all, which must be equal."""
    try:
        shape: Shape = tuple(agree(values, [axis] * len(values)) for axis in range(len(values[0].shape)))
    except SpecError:
        raise mismatch(shown) from None
    batches = [value.batch for value in values if value.batch is not None]
    if len(set(batches)) > 1:
        inference.couple()
    return Value(shape, values[0].dtype, batches[0] if batches else None)


def _shifted(batch: int | None, place: int) -> int | None:
    return batch if batch is None or batch < place else batch + 1


@listed(FUNCTIONS, "split(x, 2, axis=-1)")
def split(inference: Inference, x: Tensor, sections: Sections, axis: Int = -1) -> Result:
    """Equal parts along an axis, or the parts between the indices of a list; several results."""
    place = along(inference, x, axis)
    if x.batch == place and isinstance(sections, int) and sections != 1:
        raise SpecError(f"the batch of {x} has any length and cannot be split into {sections} equal parts")
    length = x.shape[place]
    parts = _lengths(sections, length, x)
    batch = None if x.batch == place else x.batch
    return [Value(with_axis(x, place, part).shape, x.dtype, batch) for part in parts]


def _lengths(sections: Sections, length: int | None, x: Value) -> list[int | None]:
    if isinstance(sections, int):
        if sections < 1 or sections > MOST_PARTS or (length is not None and length % sections):
            raise SpecError(f"an axis of {length} of {x} cannot be split into {sections} equal parts")
        return [None if length is None else length // sections] * sections
    points = [0, *sections]
    if sorted(points) != points or (length is not None and points[-1] > length):
        raise SpecError(f"the indices to split {x} at ascend from 0 to {length or 'its length'}, got {list(sections)}")
    between: list[int | None] = [stop - start for start, stop in pairwise(points)]
    return [*between, None if length is None else length - points[-1]]


MOST_PARTS = 10_000


@listed(FUNCTIONS, "unstack(x, axis=1)")
def unstack(inference: Inference, x: Tensor, axis: Int) -> Result:
    """The slices along an axis, each without it; several results."""
    place = along(inference, x, axis)
    length = x.shape[place]
    if length is None or not 0 < length <= MOST_PARTS:
        raise SpecError(f"axis {axis} of {x} cannot be unstacked: its length must be known, and from 1 to {MOST_PARTS}")
    return [without(x, (place,))] * length


@listed(FUNCTIONS, "take(table, x, axis=0)")
def take(inference: Inference, x: Tensor, indices: Tensor, axis: Int = 0) -> Result:
    """Slices of x by their indices along an axis, which the axes of `indices` replace."""
    _need_integers(indices)
    place = along(inference, x, axis)
    batch = None if x.batch is None or x.batch == place else x.batch
    if batch is not None and batch > place:
        batch += len(indices.shape) - 1
    if indices.batch is not None:
        if x.batch is not None:
            inference.couple()
        batch = place + indices.batch if batch is None else batch
    return Value((*x.shape[:place], *indices.shape, *x.shape[place + 1 :]), x.dtype, batch)


@listed(FUNCTIONS, "take_along_axis(x, argsort(x), axis=-1)")
def take_along_axis(inference: Inference, x: Tensor, indices: Tensor, axis: Int = -1) -> Result:
    """Elements of x by their indices along an axis; the other axes of both are equal."""
    _need_integers(indices)
    place = along(inference, x, axis)
    if len(indices.shape) != len(x.shape):
        raise mismatch((x, indices), ": the indices need as many axes")
    rest = _together(inference, [without(x, (place,)), without(indices, (place,))], [x, indices])
    shape = (*rest.shape[:place], indices.shape[place], *rest.shape[place:])
    return Value(shape, x.dtype, _shifted(rest.batch, place))


def _need_integers(indices: Value) -> None:
    if "int" not in indices.dtype:
        raise SpecError(f"indices are integers, got {indices.dtype}; write int(...) around them")


@listed(FUNCTIONS, "one_hot(label, 10)")
def one_hot(inference: Inference, x: Tensor, num_classes: Int, dtype: Dtype = "") -> Result:
    """A new last axis with 1 at the index that x gives, 0 elsewhere."""
    _need_integers(x)
    if num_classes < 1:
        raise SpecError(f"'num_classes' is a positive number, got {num_classes}")
    return Value((*x.shape, num_classes), dtype, x.batch)


INDEXING: Table = {}


@listed(INDEXING, "x[:, -1]", "[]")
def _items(inference: Inference, x: Tensor, index: Index) -> Result:
    """Elements by index, slice (`1:-1`, `::2`), `...` and null, which makes a new axis."""
    shape: list[int | None] = []
    batch, axis = None, 0
    for part in index:
        if part is None:
            shape.append(1)
            continue
        kept = _kept(inference, x, axis, part)
        if x.batch == axis and isinstance(part, slice) and _is_full(part):
            batch = len(shape)
        shape += kept
        axis += 1
    return Value(tuple(shape), x.dtype, batch)


def _kept(inference: Inference, x: Value, axis: int, part: int | slice) -> list[int | None]:
    length = x.shape[axis]
    if isinstance(part, slice):
        if _is_full(part):
            return [length]
        along(inference, x, axis)
        return [None if length is None else len(range(*part.indices(length)))]
    along(inference, x, axis)
    if length is not None and not -length <= part < length:
        raise SpecError(f"index {part} is out of range: axis {axis} of {x} has {length} elements")
    return []


def _is_full(part: slice) -> bool:
    return part.start in (None, 0) and part.stop is None and part.step in (None, 1)
