"""What an output says of samples beside what is true, place by place: samples of several places count with each of them.

A place weighs as much as its sample, or nothing where the output's mask leaves it out; those that weigh nothing are not given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from netlib.scoring.confusion import Array
from netlib.scoring.losses import absolute_error, binary_cross_entropy, cross_entropy

Loss = Callable[[Array, Array], Array]
"""Takes targets and what was predicted, gives how bad each place is; see `netlib.scoring.losses`."""


@dataclass(frozen=True)
class Answers:
    """Of some samples.

    Attributes:
        targets: the class of each place [places], or flags or numbers [places, units].
        predicted: probabilities or numbers [places, units].
        weights: [places].
        samples: the number of each place's sample among these [places].
        losses: how bad each is [places].
        wrong: whether each is a mistake [places].
    """

    targets: Array
    predicted: Array
    weights: Array
    samples: Array
    losses: Array
    wrong: Array


def class_answers(
    target: Array, output: Array, weights: Array | None, mask: Array | None = None, loss: Loss = cross_entropy
) -> Answers:
    """Of classes: probabilities [samples, ..., classes], and the target as the number of a class, or as a share of each.

    An output of one unit is the probability of the second of two classes.
    """
    if output.shape[-1] == 1:
        output, target = (np.concatenate([1 - each, each], axis=-1) for each in (output, target.reshape(output.shape)))
    likely = output.reshape(-1, output.shape[-1])
    truth = target.reshape(likely.shape if target.shape == output.shape else -1)
    number = (truth if truth.ndim == 1 else truth.argmax(axis=1)).astype(np.int64)
    losses = loss(number if truth.ndim == 1 else truth, likely)
    return _counted(number, likely, losses, likely.argmax(axis=1) != number, output.shape[:-1], weights, mask)


def flag_answers(
    target: Array,
    output: Array,
    weights: Array | None,
    mask: Array | None = None,
    loss: Loss = binary_cross_entropy,
) -> Answers:
    """Of flags: the probability of each [samples, ..., flags], and whether it is set."""
    likely = output.reshape(-1, output.shape[-1])
    flags = target.reshape(likely.shape) > 0.5
    wrong = ((likely > 0.5) != flags).any(axis=1)
    return _counted(flags, likely, loss(flags, likely), wrong, output.shape[:-1], weights, mask)


def value_answers(
    target: Array, output: Array, weights: Array | None, mask: Array | None = None, loss: Loss = absolute_error
) -> Answers:
    """Of numbers [samples, ..., units]; without an axis of units, of one."""
    output = output if output.ndim > 1 else output[:, None]
    numbers = output.reshape(-1, output.shape[-1])
    targets = target.reshape(numbers.shape)
    wrong = (numbers != targets).any(axis=1)
    return _counted(targets, numbers, loss(targets, numbers), wrong, output.shape[:-1], weights, mask)


def of_samples(answers: Answers, samples: int) -> tuple[Array, Array, Array]:
    """Of each sample: the mean loss over its places, how many of these are mistakes, and how many there are."""
    places = np.bincount(answers.samples, minlength=samples)
    losses = np.bincount(answers.samples, answers.losses, samples) / np.maximum(places, 1)
    return losses, np.bincount(answers.samples, answers.wrong, samples).astype(np.int64), places


def _counted(
    targets: Array,
    predicted: Array,
    losses: Array,
    wrong: Array,
    axes: tuple[int, ...],
    weights: Array | None,
    mask: Array | None,
) -> Answers:
    """Without the places that weigh nothing; `axes` are the samples and their places."""
    each = np.ones(axes[0]) if weights is None else weights.astype(np.float64)
    spread = np.broadcast_to(each.reshape(-1, *[1] * (len(axes) - 1)), axes)
    if mask is not None:
        spread = spread * mask.reshape(*mask.shape, *[1] * (len(axes) - mask.ndim))
    flat = np.ascontiguousarray(spread).reshape(-1)
    samples = np.repeat(np.arange(axes[0]), len(flat) // max(axes[0], 1))
    if not (counted := flat > 0).all():
        targets, predicted, flat, samples = targets[counted], predicted[counted], flat[counted], samples[counted]
        losses, wrong = losses[counted], wrong[counted]
    return Answers(targets, predicted, flat, samples, losses, wrong)
