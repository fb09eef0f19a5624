"""The loss of a model: its terms, each between an output and a target, joined by their weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from netlib.nn.keras_objects import make_loss
from netlib.spec.errors import UsageError
from netlib.spec.heads import BoundLoss, Heads
from netlib.training.heads import encoded

Tensors = Mapping[str, tf.Tensor]


class Objective:
    """The weighted sum of the terms.

    `columns` names what is measured: `loss`, the sum, and each term by itself where there are several.
    """

    def __init__(self, heads: Heads) -> None:
        self._terms = [(loss, make_loss(loss.spec)) for loss in heads.losses]
        several = len(self._terms) > 1
        self.columns = ("loss", *(f"{loss.name}_loss" for loss in heads.losses if several))

    def rows(self, outputs: Tensors, targets: Tensors, weights: Any = None, masks: Tensors | None = None) -> tf.Tensor:
        """The losses of each row, float32 [columns, rows].

        Where an output has a mask (`masks`, by output), only its real places count, and a row weighs as much as it has of them:
        the mean over the rows is that over the real places of the batch, as in Keras. `weights` are those of the rows.
        """
        each = [
            _row_losses(loss, compute, outputs, targets, weights, (masks or {}).get(loss.output))
            for loss, compute in self._terms
        ]
        total = tf.add_n([loss.weight * values for (loss, _), values in zip(self._terms, each, strict=True)])
        return tf.stack([total, *each] if len(each) > 1 else [total])

    def mean(
        self, outputs: Tensors, targets: Tensors, weights: Any, rows: int, masks: Tensors | None = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The means over the rows, [columns], weighted if they have weights; and the sum of the weights."""
        losses = self.rows(outputs, targets, weights, masks)
        if weights is None:
            return tf.reduce_mean(losses, axis=1), tf.constant(float(rows))
        total = tf.reduce_sum(weights)
        return tf.math.divide_no_nan(tf.reduce_sum(losses * weights, axis=1), total), total


def _row_losses(
    loss: BoundLoss, compute: Any, outputs: Tensors, targets: Tensors, weights: Any, mask: Any
) -> tf.Tensor:
    """The mean over all further axes of the output, as Keras takes it, [rows]."""
    output = outputs[loss.output]
    values = tf.cast(compute(encoded(targets[loss.target], output, loss.spec.target), output), tf.float32)
    if mask is None:
        return tf.reduce_mean(values, axis=tuple(range(1, values.shape.rank)))
    if values.shape.rank < 2:
        raise UsageError(
            f"output '{loss.output}' has a mask {tuple(mask.shape)}, but its loss has one value a sample: a layer before it"
            f" that joins the places has to drop the mask"
        )
    return _masked_rows(tf.reduce_mean(values, axis=tuple(range(2, values.shape.rank))), mask, weights)


def _masked_rows(values: tf.Tensor, mask: tf.Tensor, weights: Any) -> tf.Tensor:
    """Values [rows, time] to [rows], so that their mean, weighted by `weights`, is that of the real places."""
    real = tf.cast(mask, values.dtype)
    by_row = tf.ones_like(real[:, 0]) if weights is None else weights
    places = tf.math.divide_no_nan(tf.reduce_sum(by_row * tf.reduce_sum(real, axis=1)), tf.reduce_sum(by_row))
    return tf.math.divide_no_nan(tf.reduce_sum(values * real, axis=1), places)
