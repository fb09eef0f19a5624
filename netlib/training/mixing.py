"""Mixing of the samples of a batch with one another: MixUp and CutMix, and the loss of what is mixed.

It is done on the whole batch of a step, before that is parted into micro-batches. What is drawn depends on the run's seed and the
step alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from netlib.nn.random import forward_pass, normal, uniform
from netlib.spec.computed import beside
from netlib.spec.mixing import CutMix, MixingSpec
from netlib.spec.tensors import TensorSpec
from netlib.training.objective import Objective, Portion, Tensors
from netlib.training.rows import sum_of_weights

PATH = "train.mix"
"""On what the random numbers depend, as on the path of a layer."""
_TRIES = 16
"""None of so many is accepted with a probability below 1e-20; the last is then taken."""


class Mixing:
    """Mixes batches as the spec says.

    Args:
        spec: how.
        inputs: what the network reads.
        seed: of the run.

    Raises:
        SpecError: such inputs cannot be mixed.
    """

    def __init__(self, spec: MixingSpec, inputs: Mapping[str, TensorSpec], seed: int) -> None:
        spec.check(inputs)
        self.spec = spec
        self._seed = seed

    def __call__(self, batch: Mapping[str, Any], rows: int, step: Any) -> Mapping[str, Any]:
        """The batch with `mixed`: the mixed `inputs`, and of the others, each in the place of the sample with which its own is
        mixed, `targets` and `weights`; `share` [rows] is what a sample has of itself."""
        with forward_pass(self._seed, step):
            order = partners(rows, batch["weights"])
            share = beta(self.spec.alpha)
            other = tf.nest.map_structure(lambda array: tf.gather(array, order), batch["inputs"])
            if isinstance(self.spec, CutMix):
                ((name, images),) = batch["inputs"].items()
                inside, share = rectangle(share, images)
                inputs = {name: tf.where(inside, other[name], images)}
            else:
                inputs = {name: _mean(array, other[name], share) for name, array in batch["inputs"].items()}
        targets = {name: tf.gather(array, order) for name, array in beside(batch["inputs"], batch["targets"]).items()}
        weights = None if batch["weights"] is None else tf.gather(batch["weights"], order)
        mixed = {"inputs": inputs, "targets": targets, "weights": weights, "share": tf.fill([rows], share)}
        return {**batch, "mixed": mixed}


def network_inputs(batch: Mapping[str, Any]) -> dict[str, tf.Tensor]:
    """What the network reads of a batch, mixed or not."""
    return dict(batch.get("mixed", batch)["inputs"])


def mean_loss(
    objective: Objective, outputs: Tensors, targets: Tensors, batch: Mapping[str, Any], rows: int, masks: Tensors
) -> Portion:
    """The means over the rows, [columns], and the sum of the weights, as `Objective.mean`; of a batch that is mixed those of both
    targets, joined by their shares."""
    own = objective.mean(outputs, targets, batch["weights"], rows, masks)
    if "mixed" not in batch:
        return own
    mixed = batch["mixed"]
    other = objective.mean(outputs, mixed["targets"], mixed["weights"], rows, masks)
    return _joined(own, other, mixed["share"][0])


def loss_portions(
    objective: Objective,
    outputs: Tensors,
    targets: Tensors,
    batch: Mapping[str, Any],
    rows: int,
    masks: Tensors,
    *,
    besides: bool,
) -> tuple[tf.Tensor, list[Portion]]:
    """The sum of the weights, and the means in portions, as `Objective.portions`."""
    weight = sum_of_weights(batch["weights"], rows)
    own = objective.portions(outputs, targets, batch["weights"], rows, masks, besides=besides)
    if "mixed" not in batch:
        return weight, own
    mixed = batch["mixed"]
    share, other_weight = mixed["share"][0], sum_of_weights(mixed["weights"], rows)
    other = objective.portions(outputs, mixed["targets"], mixed["weights"], rows, masks, besides=besides)
    both = [_joined(one, another, share) for one, another in zip(own, other, strict=True)]
    return share * weight + (1.0 - share) * other_weight, both


def _joined(own: Portion, other: Portion, share: tf.Tensor) -> Portion:
    """Losses of both targets of samples that are mixed."""
    weight, other_weight = share * own.count, (1.0 - share) * other.count
    total = weight + other_weight
    return Portion(tf.math.divide_no_nan(own.losses * weight + other.losses * other_weight, total), total)


def partners(rows: int, weights: Any = None) -> tf.Tensor:
    """With which row each is mixed: a random permutation, int32 [rows]. Rows of weight 0 stay where they are."""
    numbers = uniform("mixing.order", PATH, (rows, 1))[:, 0]
    if weights is None:
        return tf.argsort(numbers, stable=True)
    idle = tf.cast(tf.equal(weights, 0), tf.float32)
    shuffled = tf.argsort(tf.where(idle > 0, 2.0, numbers), stable=True)
    in_order = tf.argsort(idle, stable=True)
    return tf.gather(shuffled, tf.argsort(in_order, stable=True))


def beta(alpha: float) -> tf.Tensor:
    """One number distributed as Beta(alpha, alpha), float32: the share of a Gamma variable in the sum of two."""
    normals = tf.cast(normal("mixing.tries", PATH, (_TRIES, 2)), tf.float64)
    uniforms = tf.cast(uniform("mixing.share", PATH, (_TRIES + 1, 2)), tf.float64) + 2.0**-25
    logarithms = _log_gamma(alpha, normals, uniforms)
    return tf.cast(tf.sigmoid(logarithms[0] - logarithms[1]), tf.float32)


def _log_gamma(alpha: float, normals: tf.Tensor, uniforms: tf.Tensor) -> tf.Tensor:
    """Logarithms of Gamma(alpha) variables, [n], from normal numbers [tries, n] and uniform ones [tries + 1, n].

    By the method of Marsaglia and Tsang (*A simple method for generating gamma variables*, 2000), which accepts a try with a
    probability of more than 0.95. A Gamma(alpha + 1) variable times the power 1 / alpha of a uniform one is Gamma(alpha).
    """
    size = alpha + 1.0 - 1.0 / 3.0
    root = (9.0 * size) ** -0.5

    def attempt(number: tf.Tensor, accepted: tf.Tensor, chosen: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        x = normals[number]
        side = 1.0 + root * x
        logarithm = 3.0 * tf.math.log(tf.maximum(side, 1e-100))
        limit = 0.5 * x * x + size * (1.0 - side * side * side + logarithm)
        fits = (side > 0) & (tf.math.log(uniforms[number]) < limit)
        return number + 1, accepted | fits, tf.where(accepted, chosen, logarithm)

    # A loop, for of what is chosen among random numbers in one expression XLA makes a program that takes minutes to compile.
    start = (tf.constant(0), tf.zeros_like(normals[0], tf.bool), tf.zeros_like(normals[0]))
    _, _, chosen = tf.while_loop(
        lambda number, accepted, _: (number < _TRIES) & ~tf.reduce_all(accepted), attempt, start, parallel_iterations=1
    )
    return tf.math.log(tf.constant(size, tf.float64)) + chosen + tf.math.log(uniforms[_TRIES]) / alpha


def rectangle(share: tf.Tensor, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Which pixels of `images` are of the others, (1, height, width, 1), and the share of those that are not.

    The rectangle has the sides of the images times the root of 1 - share, and its middle anywhere; what reaches out is cut off.
    """
    sizes = tf.unstack(tf.shape(images))[1:3]
    middles = tf.unstack(uniform("mixing.place", PATH, (2, 1))[:, 0], num=2)
    rows, columns = (_side(share, size, middle) for size, middle in zip(sizes, middles, strict=True))
    inside = rows[tf.newaxis, :, tf.newaxis, tf.newaxis] & columns[tf.newaxis, tf.newaxis, :, tf.newaxis]
    return inside, 1.0 - tf.reduce_mean(tf.cast(inside, tf.float32))


def _side(share: tf.Tensor, size: tf.Tensor, middle: tf.Tensor) -> tf.Tensor:
    """Which places of an axis of that size the rectangle has, [size]."""
    length = tf.cast(size, tf.float32)
    half = tf.cast(0.5 * tf.sqrt(1.0 - share) * length, tf.int32)
    centre = tf.cast(middle * length, tf.int32)
    places = tf.range(size)
    return (places >= centre - half) & (places < centre + half)


def _mean(array: tf.Tensor, other: tf.Tensor, share: tf.Tensor) -> tf.Tensor:
    share = tf.cast(share, array.dtype)
    return share * array + (1 - share) * other
