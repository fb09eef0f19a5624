"""What is learned of a part of a step's batch, and how that of all parts is joined: of micro-batches, and of what replicas have.

A loss is a sum of means. Each is joined over the parts by what it is a mean of: a masked loss by the real places of each part,
any other by the weights of the samples. Sums and counts are what adds up, so the joined means are those of the whole batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

Means = tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]
"""Losses [columns], the sum of the samples' weights, and the gradient of each variable."""


class LearnedPortion(NamedTuple):
    """Mean losses [columns] that are joined by `count`, and the gradients of what they minimise: as that is, or times the count
    where they are to be joined."""

    losses: tf.Tensor
    count: tf.Tensor
    gradients: list[tf.Tensor]


class Learned(NamedTuple):
    """Of a part of a batch: the sum of its samples' weights, and portions that add up to its loss."""

    weight: tf.Tensor
    portions: list[LearnedPortion]

    def means(self) -> Means:
        """The sums of the portions."""
        losses, gradients = [each.losses for each in self.portions], [each.gradients for each in self.portions]
        return _sum(losses), self.weight, [_sum(each) for each in zip(*gradients, strict=True)]

    def sums(self) -> list[tf.Tensor]:
        """What is added up over the parts: the weight, then of each portion its count, and losses and gradients times that."""
        portions = ([each.count, each.losses * each.count, *each.gradients] for each in self.portions)
        return [self.weight, *(value for each in portions for value in each)]


def joined(sums: Sequence[tf.Tensor], variables: int) -> Means:
    """The means over the whole batch, of added sums that have gradients of so many variables."""
    weight, *rest = sums
    size = 2 + variables
    portions = [_mean(*rest[start : start + size]) for start in range(0, len(rest), size)]
    return Learned(weight, portions).means()


def zeros(columns: int, variables: Sequence[tf.Variable], portions: int) -> list[tf.Tensor]:
    """Sums of nothing."""
    gradients = (tf.zeros(variable.shape, variable.dtype) for variable in variables)
    portion = [tf.zeros([]), tf.zeros([columns]), *gradients]
    return [tf.zeros([]), *(portion * portions)]


def _mean(count: tf.Tensor, losses: tf.Tensor, *gradients: tf.Tensor) -> LearnedPortion:
    share = tf.math.divide_no_nan(1.0, count)
    return LearnedPortion(losses * share, count, [each * tf.cast(share, each.dtype) for each in gradients])


def _sum(tensors: Sequence[tf.Tensor]) -> tf.Tensor:
    return tensors[0] if len(tensors) == 1 else tf.add_n(tensors)
