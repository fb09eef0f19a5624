"""Computed losses and metrics, on the device: what an expression of outputs, targets and inputs comes to for each sample."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import keras
import tensorflow as tf

from netlib.nn.tensor_expressions import compute
from netlib.spec.computed import BoundCompute, Summand
from netlib.spec.tensors import TensorSpec
from netlib.training.rows import Part, place_weights

Tensors = Mapping[str, tf.Tensor]


def computed_rows(term: BoundCompute, outputs: Tensors, others: Tensors, weights: Any, masks: Tensors) -> tf.Tensor:
    """A value for each sample, [rows], whose mean, weighted by the samples' weights, is the term's value.

    Args:
        term: what is computed.
        outputs: of the network, by name.
        others: targets and inputs, as `netlib.spec.computed.beside` puts them.
        weights: of the samples, or None.
        masks: of the outputs that have one.
    """
    return tf.add_n([part.rows(weights) for part in computed_parts(term, outputs, others, masks)])


class ComputedMeter:
    """The mean of a computed metric over all samples, counted in float64: a mean for each summand."""

    def __init__(self, term: BoundCompute) -> None:
        self._term = term
        self._means = [keras.metrics.Mean(dtype="float64") for _ in term.spec.summands]

    @property
    def variables(self) -> list[Any]:
        """The counters."""
        return [variable for mean in self._means for variable in mean.variables]

    def update_state(self, outputs: Tensors, others: Tensors, weights: Any, masks: Tensors) -> None:
        """Counts a batch; see `computed_rows`."""
        for mean, part in zip(self._means, computed_parts(self._term, outputs, others, masks), strict=True):
            axes = 1 if part.mask is None else 2
            values = tf.reduce_mean(part.values, axis=tuple(range(axes, part.values.shape.rank)))
            mean.update_state(values, weights if part.mask is None else place_weights(part.mask, weights))

    def result(self) -> float:
        """The sum of the means, with their factors."""
        factors = [summand.factor for summand in self._term.spec.summands]
        return sum(factor * float(mean.result()) for factor, mean in zip(factors, self._means, strict=True))

    def reset_state(self) -> None:
        """Begins anew."""
        for mean in self._means:
            mean.reset_state()


def computed_parts(term: BoundCompute, outputs: Tensors, others: Tensors, masks: Tensors) -> Iterator[Part]:
    """What each summand comes to; arguments as of `computed_rows`."""
    given = term.given(outputs, others)
    rows = tf.shape(next(iter(outputs.values())))[0]
    known = {text: TensorSpec((None, *tensor.shape[1:]), tensor.dtype.name) for text, tensor in given.items()}
    for summand, value in zip(term.spec.summands, term.infer(known), strict=True):
        (result,) = compute(summand.expression, given)
        values = tf.cast(result, tf.float32)
        if value.tensor.batched:
            yield Part(summand.factor, values, _mask(term, summand, known, masks))
        else:  # a number of the whole batch, the same for each sample
            yield Part(summand.factor, tf.fill([rows], tf.reduce_mean(values)), None)


def _mask(term: BoundCompute, summand: Summand, known: Mapping[str, TensorSpec], masks: Tensors) -> tf.Tensor | None:
    """Where all masked outputs that it reads are real, if its values still have the axis of places."""
    names = {read.name for read in term.read_by(summand) if read.side == "output"}
    found = [mask for name, mask in masks.items() if name in names]
    if not found or len({mask.shape[1] for mask in found}) > 1:
        return None
    places = found[0].shape[1]
    (value,) = summand.expression.infer({text: _unknown(tensor, places) for text, tensor in known.items()}).outputs
    if len(value.shape) < 2 or value.shape[1] is not None:
        return None
    if len(found) == 1:
        return found[0]
    return tf.reduce_all(tf.stack([tf.cast(mask, tf.bool) for mask in found]), axis=0)


def _unknown(tensor: TensorSpec, places: int | None) -> TensorSpec:
    """With an axis of places of unknown length, so that what follows from it can be told from what is as long by chance."""
    if len(tensor.shape) < 2 or tensor.shape[1] != places:
        return tensor
    return TensorSpec((tensor.shape[0], None, *tensor.shape[2:]), tensor.dtype)
