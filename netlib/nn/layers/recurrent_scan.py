"""Going through a sequence step by step with a state, and back again for the gradients.

The way back of `scan` is written by hand: a step finds only the gradients of its sums, and one product over all steps then gives
those of the kernels. What a step keeps is written over what it got of the sequence, so that no more memory is touched than has to
be. `stepwise` is for steps of which nothing is known, as those of an RNN's cell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from netlib.nn.layers.recurrent_cells import Cell, Kept, States, Weights


@dataclass(frozen=True)
class Pass:
    """How a sequence is gone through.

    Attributes:
        cell: what happens at a step.
        keep: factors on the first part of the state where kernels read it, the same at all steps; None for 1.
        mask: bool [time, batch]; where it is false the state stays as it is. None for true.
    """

    cell: Cell
    keep: tf.Tensor | None = None
    mask: tf.Tensor | None = None

    def read(self, state: tf.Tensor) -> tf.Tensor:
        """The first part of the state as kernels read it; with any number of axes before."""
        return state if self.keep is None else state * self.keep


def scan(
    way: Pass, steps: tf.Tensor, initial: States, weights: Weights, *, every: bool
) -> tuple[tf.Tensor | None, States]:
    """Goes through a sequence from its first step to its last.

    Args:
        way: how.
        steps: what the gates get of the sequence, [time, batch, ...].
        initial: the state to begin with, each part [batch, ...].
        weights: those that the cell reads.
        every: whether the first part of the state is wanted after each step.

    Returns:
        With `every` the first part of the state after each step, [time, batch, ...]; and the last state.
    """
    count = len(initial)

    @tf.custom_gradient
    def run(steps: tf.Tensor, *rest: tf.Tensor) -> Any:
        begin, weights = rest[:count], rest[count:]
        before, kept, last = _forward(way, steps, begin, weights)
        outputs = (after_each(before[0], last[0]),) if every else ()

        def gradient(*by: tf.Tensor) -> Any:
            by_sums, by_begin = _backward(way, kept, before, weights, by[0] if every else None, by[-count:])
            by_weights = way.cell.by_weights(by_sums, kept, way.read(before[0]), weights)
            return (by_sums[0], *by_begin, *by_weights)

        return (*outputs, *last), gradient

    found = run(steps, *initial, *weights)
    return found[0] if every else None, tuple(found[-count:])


def stepwise(
    one: Callable[[Any, tf.Tensor, States], tuple[States, States]],
    steps: tf.Tensor,
    begin: States,
    like: Sequence[Any],
    mask: Any = None,
) -> tuple[States, States]:
    """Goes through a sequence from its first step to its last; gradients are TensorFlow's own.

    Args:
        one: a step: of its number, what it reads of the sequence, and the states, the new states and what is to be kept.
        steps: [time, batch, ...].
        begin: the states to begin with, each [batch, ...].
        like: the dtype and shape of each thing that is kept, a tensor or its spec.
        mask: bool [time, batch]; where it is false the states stay as they are.

    Returns:
        What is kept, each [time, ...]; and the last states.
    """
    length = _length(steps)
    given, masks = _parted(steps, length), None if mask is None else _parted(mask, length)

    def body(step: tf.Tensor, states: States, kept: Any) -> Any:
        new, more = one(step, given.read(step), states)
        if masks is not None:
            new = _where(masks.read(step), new, states)
        new = tuple(tf.ensure_shape(each, state.shape) for each, state in zip(new, begin, strict=True))
        return step + 1, new, tuple(array.write(step, each) for array, each in zip(kept, more, strict=True))

    arrays = tuple(_array(each.dtype, length, each.shape) for each in like)
    _, last, kept = tf.while_loop(lambda step, *_: step < length, body, (0, begin, arrays), maximum_iterations=length)
    return tuple(array.stack() for array in kept), last


def after_each(before: tf.Tensor, last: tf.Tensor) -> tf.Tensor:
    """A state after each step, [time, batch, ...], of what it was before each and in the end."""
    known = [before.shape[0], *last.shape]
    return tf.ensure_shape(tf.concat([before, last[tf.newaxis]], 0)[1:], known)


def _forward(way: Pass, steps: tf.Tensor, begin: States, weights: Weights) -> tuple[States, Kept, States]:
    """The state before each step as far as the way back reads it, what was kept of the step, and the last state."""
    length, masks, needed = _length(steps), _masks(way, steps), slice(way.cell.states_back)

    def body(step: tf.Tensor, states: States, befores: Any, keeps: Any) -> Any:
        new, kept = way.cell.forward(keeps[0].read(step), way.read(states[0]), states, weights)
        new = new if masks is None else _where(masks.read(step), new, states)
        new = tuple(tf.ensure_shape(each, state.shape) for each, state in zip(new, begin, strict=True))
        return step + 1, new, _written(befores, step, states[needed]), _written(keeps, step, kept)

    befores = tuple(_array(each.dtype, length, each.shape) for each in begin[needed])
    keeps = (_parted(steps, length), *_like(begin[0], length, way.cell.kept_more))
    _, last, befores, keeps = tf.while_loop(
        lambda step, *_: step < length, body, (0, begin, befores, keeps), maximum_iterations=length
    )
    return tuple(array.stack() for array in befores), tuple(array.stack() for array in keeps), last


def _backward(
    way: Pass, kept: Kept, before: States, weights: Weights, by_outputs: tf.Tensor | None, by_last: States
) -> tuple[Kept, States]:
    """Gradients by the sums of each step, and by the state to begin with."""
    length, masks = _length(kept[0]), _masks(way, kept[0])
    befores, keeps = (tuple(_parted(each, length) for each in tensors) for tensors in (before, kept))
    by_each = None if by_outputs is None else _parted(by_outputs, length)

    def body(step: tf.Tensor, by_states: States, by_sums: Any) -> Any:
        by_new = by_states if by_each is None else (by_states[0] + by_each.read(step), *by_states[1:])
        mask = None if masks is None else masks.read(step)
        by_changed = by_new if mask is None else _where(mask, by_new, tuple(map(tf.zeros_like, by_new)))
        states = tuple(array.read(step) for array in befores)
        read = way.read(states[0])
        back = way.cell.backward(by_changed, tuple(array.read(step) for array in keeps), read, states, weights)
        by_first = way.read(back.by_read)  # the factors go both ways
        by_old = (by_first if back.by_states[0] is None else by_first + back.by_states[0], *back.by_states[1:])
        by_old = by_old if mask is None else _where(mask, by_old, by_new)
        return step - 1, by_old, _written(by_sums, step, back.by_sums)

    arrays = (*_like(kept[0][0], length, 1), *_like(before[0][0], length, way.cell.back_more))
    _, by_begin, by_sums = tf.while_loop(
        lambda step, *_: step >= 0, body, (length - 1, by_last, arrays), maximum_iterations=length
    )
    return tuple(array.stack() for array in by_sums), by_begin


def unfolded(values: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
    """[time * batch, ...] as [time, batch, ...], with time and batch as another tensor has them."""
    shape = tf.concat([tf.shape(like)[:2], tf.shape(values)[1:]], 0)
    return tf.ensure_shape(tf.reshape(values, shape), [*like.shape[:2], *values.shape[1:]])


def _length(steps: tf.Tensor) -> Any:
    known = steps.shape[0]
    return tf.shape(steps)[0] if known is None else known


def _where(mask: tf.Tensor, new: States, old: States) -> States:
    return tuple(tf.where(fitting(mask, one), one, other) for one, other in zip(new, old, strict=True))


def fitting(mask: tf.Tensor, state: tf.Tensor) -> tf.Tensor:
    """A mask with further axes, for those of a state behind the batch."""
    return mask[(..., *[tf.newaxis] * (state.shape.rank - 1))]


def swapped(values: tf.Tensor) -> tf.Tensor:
    """With the first two axes in each other's place."""
    return tf.transpose(values, [1, 0, *range(2, values.shape.rank)])


def _array(dtype: tf.DType, length: Any, shape: Any) -> tf.TensorArray:
    return tf.TensorArray(dtype, length, element_shape=shape, clear_after_read=False)


def _parted(values: tf.Tensor, length: Any) -> tf.TensorArray:
    return _array(values.dtype, length, values.shape[1:]).unstack(values)


def _like(one: tf.Tensor, length: Any, count: int) -> tuple[tf.TensorArray, ...]:
    return tuple(_array(one.dtype, length, one.shape) for _ in range(count))


def _written(
    arrays: Sequence[tf.TensorArray], step: tf.Tensor, values: Sequence[tf.Tensor]
) -> tuple[tf.TensorArray, ...]:
    return tuple(array.write(step, value) for array, value in zip(arrays, values, strict=True))


def _masks(way: Pass, steps: tf.Tensor) -> tf.TensorArray | None:
    return None if way.mask is None else _parted(way.mask, _length(steps))
