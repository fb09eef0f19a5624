"""Going through a sequence step by step with a state, and back again for the gradients.

The backward pass of `scan` is written by hand: TensorFlow's own adds a product to each kernel's gradient at every step, and adds
up whole sequences of gradients under XLA. Here a step going back finds the gradient of what was added for it, and one product
over all steps then gives those of the kernels. `stepwise` is for steps of which nothing is known, as those of an RNN's cell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

States = tuple[tf.Tensor, ...]
Weights = tuple[tf.Tensor, ...]


@dataclass(frozen=True)
class Cell:
    """What happens at a step.

    Attributes:
        recur: linear in the first part of the state: what the gates get of it; of `outer` weights. Its first axis may be longer
            than the batch.
        combine: the new state, of what the gates get of the sequence and of the state, and of the old state; and of `inner`
            weights, whose gradients are added up step by step.
        outer: weights of `recur`.
        inner: weights of `combine`.
        keep: factors on the state where `recur` reads it, the same at all steps; None for 1.
    """

    recur: Callable[[tf.Tensor, Weights], tf.Tensor]
    combine: Callable[[tf.Tensor, tf.Tensor, States, Weights], States]
    outer: Weights
    inner: Weights = ()
    keep: tf.Tensor | None = None

    def read(self, state: tf.Tensor) -> tf.Tensor:
        """The first part of the state as `recur` gets it; with any number of axes before."""
        return state if self.keep is None else state * self.keep


def scan(cell: Cell, steps: tf.Tensor, initial: States, mask: Any = None) -> tuple[tf.Tensor, States]:
    """Goes through a sequence from its first step to its last.

    Args:
        cell: what happens at a step.
        steps: what its gates get of the sequence, [time, batch, ...].
        initial: the state to begin with, each part [batch, ...].
        mask: bool [time, batch]; where it is false the state stays as it is.

    Returns:
        The first part of the state after each step, [time, batch, ...]; and the last state.
    """
    count = len(initial)
    outer_count = len(cell.outer)

    @tf.custom_gradient
    def run(steps: tf.Tensor, *rest: tf.Tensor) -> Any:
        begin, outer, inner = rest[:count], rest[count : count + outer_count], rest[count + outer_count :]
        before, recurred, last = _forward(cell, steps, begin, outer, inner, mask)
        outputs = after_each(before[0], last[0])

        def gradient(by_outputs: tf.Tensor, *by_last: tf.Tensor) -> Any:
            seen = _Seen(steps, recurred, before, mask)
            by_steps, by_recurred, by_begin, by_inner = _backward(cell, seen, outer, inner, by_outputs, by_last)
            by_outer = _by_outer(cell, before[0], outer, by_recurred)
            return (by_steps, *by_begin, *by_outer, *by_inner)

        return (outputs, *last), gradient

    outputs, *last = run(steps, *initial, *cell.outer, *cell.inner)
    return outputs, tuple(last)


@dataclass(frozen=True)
class _Seen:
    """What each step read, [time, batch, ...]."""

    steps: tf.Tensor
    recurred: tf.Tensor
    before: States
    mask: Any


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


def _forward(
    cell: Cell, steps: tf.Tensor, begin: States, outer: Weights, inner: Weights, mask: Any
) -> tuple[States, tf.Tensor, States]:
    """The state before each step, what the gates got of it, and the last state."""

    def one(_: Any, given: tf.Tensor, states: States) -> tuple[States, States]:
        part = cell.recur(cell.read(states[0]), outer)
        return cell.combine(given, part, states, inner), (*states, part)

    part = tf.TensorSpec([*begin[0].shape[:-1], outer[0].shape[-1]], steps.dtype)
    (*before, recurred), last = stepwise(one, steps, begin, (*begin, part), mask)
    return tuple(before), recurred, last


def _backward(
    cell: Cell, seen: _Seen, outer: Weights, inner: Weights, by_outputs: tf.Tensor, by_last: States
) -> tuple[tf.Tensor, tf.Tensor, States, Weights]:
    """Gradients by what each step got of the sequence and of the state, by the state to begin with, and by the inner weights."""
    length = _length(seen.steps)
    steps, recurred, by_each = (_parted(each, length) for each in (seen.steps, seen.recurred, by_outputs))
    before = tuple(_parted(each, length) for each in seen.before)
    masks = None if seen.mask is None else _parted(seen.mask, length)

    def body(step: tf.Tensor, by_states: States, by_inner: Weights, by_steps: Any, by_recurred: Any) -> Any:
        by_new = (by_states[0] + by_each.read(step), *by_states[1:])
        states = tuple(array.read(step) for array in before)
        read = [steps.read(step), recurred.read(step), *states, *inner]
        with tf.GradientTape() as tape:
            tape.watch(read)
            new = cell.combine(read[0], read[1], states, inner)
            new = new if masks is None else _where(masks.read(step), new, states)
        by_step, by_part, *rest = tape.gradient(new, read, by_new, unconnected_gradients="zero")
        by_old, more = rest[: len(states)], rest[len(states) :]
        with tf.GradientTape() as tape:
            tape.watch(states[0])
            part = cell.recur(cell.read(states[0]), outer)
        by_old[0] += tape.gradient(part, states[0], by_part)
        added = tuple(sum_ + one for sum_, one in zip(by_inner, more, strict=True))
        return step - 1, tuple(by_old), added, by_steps.write(step, by_step), by_recurred.write(step, by_part)

    arrays = (_array(each.dtype, length, each.shape[1:]) for each in (seen.steps, seen.recurred))
    _, by_begin, by_inner, by_steps, by_recurred = tf.while_loop(
        lambda step, *_: step >= 0,
        body,
        (length - 1, by_last, tuple(map(tf.zeros_like, inner)), *arrays),
        maximum_iterations=length,
    )
    return by_steps.stack(), by_recurred.stack(), by_begin, by_inner


def _by_outer(cell: Cell, before: tf.Tensor, outer: Weights, by_recurred: tf.Tensor) -> Sequence[tf.Tensor]:
    """Gradients by the weights of `recur`, of all steps at once."""
    with tf.GradientTape() as tape:
        tape.watch(outer)
        recurred = cell.recur(folded(cell.read(before)), outer)
    by_outer: Sequence[tf.Tensor] = tape.gradient(recurred, outer, folded(by_recurred))
    return by_outer


def folded(values: tf.Tensor) -> tf.Tensor:
    """[time, batch, ...] as [time * batch, ...]."""
    length, batch = values.shape[:2]
    rows = length * batch if length is not None and batch is not None else tf.reduce_prod(tf.shape(values)[:2])
    known = values.shape[2:].is_fully_defined()
    return tf.reshape(values, [rows, *values.shape[2:]] if known else tf.concat([[rows], tf.shape(values)[2:]], 0))


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
