"""One step: one update of the weights, from one batch or several micro-batches. Traced inside the loop, once a batch size."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import tensorflow as tf

from netlib.nn.network import Network
from netlib.spec.training import ClipSpec
from netlib.training.added import Added
from netlib.training.batch import Batch
from netlib.training.learning import Learning
from netlib.training.loss_scale import LossScale
from netlib.training.meters import Meters
from netlib.training.mixing import Mixing
from netlib.training.objective import Objective
from netlib.training.trouble.gate import LEFT_OUT, Copies, gated

FACTS = ("learning_rate", "gradient_norm", "weight", "skipped")


@dataclass(frozen=True)
class TrainStep(Learning):
    """Everything that a step reads and changes.

    `accumulate` micro-batches of `batch_size` rows make one step; fewer, and a smaller last one, where rows run out. Their
    gradients are joined weighted by their samples, or real places, so the step is that of one large batch.
    """

    model: Network
    objective: Objective
    optimizer: Any
    meters: Meters
    batch_size: int
    accumulate: int
    clip: ClipSpec | None
    seed: int
    added: Added = field(default_factory=Added)
    """What layers add in training."""
    mixing: Mixing | None = None
    """How the samples of a batch are mixed with one another, if they are."""
    scale: LossScale | None = None
    """By what the loss is multiplied where gradients pass through float16."""
    only: tuple[tf.Variable, ...] | None = None
    """The variables that it trains, if not all: no gradient is computed for the others."""
    skips: bool = False
    """Whether a step whose loss or gradient is not finite changes nothing (`train.on_nan: skip`)."""
    _known_portions: list[int] = field(default_factory=list, repr=False, compare=False)

    @property
    def gated(self) -> bool:
        """Whether a step may change nothing."""
        return self.skips or self.scale is not None

    def __call__(self, batch: Batch, rows: int, step: tf.Tensor) -> tf.Tensor:
        """Updates the weights from `rows` rows (a Python number: shapes in the loop are static).

        Returns:
            float32 [facts]: one value for each name in `facts`; the norm is that of the gradient before clipping, the weight
            the sum of the samples' weights, and `skipped` says of a step that has changed nothing why: 1 because the loss was
            scaled too much, `LEFT_OUT` because it is not finite whatever the scale.
        """
        before = Copies(self.counted()) if self.gated else None
        if self.mixing is not None:
            batch = self.mixing(batch, rows, step)
        return self.updated(*self.learned(batch, rows, step), before)

    def updated(
        self, losses: tf.Tensor, weight: tf.Tensor, gradients: list[tf.Tensor], before: Copies | None
    ) -> tf.Tensor:
        """Updates the weights by what was learned; returns the facts. `before` is what a forward pass has changed, as it was."""
        variables = self.trained()
        norm = _global_norm(gradients)
        rate = tf.cast(self.optimizer.learning_rate, tf.float32)
        clipped = self._clipped(gradients, norm)
        if before is None:
            self.optimizer.apply(clipped, variables)
            return tf.concat([[rate, norm, weight, 0.0], losses], axis=0)
        finite = tf.math.is_finite(norm) & tf.math.is_finite(losses[0])
        skipped = self._update(finite, lambda: self.optimizer.apply(clipped, variables), before.take_back)
        return tf.concat([[rate, tf.where(finite, norm, math.nan), weight, skipped], losses], axis=0)

    def _update(self, finite: tf.Tensor, apply: Callable[[], None], undo: Callable[[], None]) -> tf.Tensor:
        """Applies the update or leaves it out; returns what `skipped` is."""
        if self.scale is None:
            return tf.where(gated(finite, apply, undo), 0.0, LEFT_OUT)
        skipped = self.scale.update(finite, apply, undo)
        return tf.where(finite | (skipped > 0), skipped, LEFT_OUT) if self.skips else skipped

    @property
    def facts(self) -> tuple[str, ...]:
        """What is known of each step: the objective's columns and what layers add last."""
        return (*FACTS, *self.objective.columns, *self.added.names)

    def _clipped(self, gradients: list[tf.Tensor], norm: tf.Tensor) -> list[tf.Tensor]:
        if self.clip is None:
            return gradients
        if self.clip.value is not None:
            limit = self.clip.value
            return [tf.clip_by_value(gradient, -limit, limit) for gradient in gradients]
        if self.clip.norm is not None:
            return [tf.clip_by_norm(gradient, self.clip.norm) for gradient in gradients]
        return [_clipped_to(self.clip.global_norm, gradient, norm) for gradient in gradients]


def _clipped_to(limit: float | None, gradient: tf.Tensor, norm: tf.Tensor) -> tf.Tensor:
    """One of several gradients, of any widths, which together have that norm."""
    (clipped,), _ = tf.clip_by_global_norm([gradient], limit, use_norm=tf.cast(norm, gradient.dtype))
    return clipped


def _global_norm(gradients: list[tf.Tensor]) -> tf.Tensor:
    """The root of the sum of all squares.

    Rows are added up by a product with ones: XLA on the CPU adds the entries of a tensor one by one, which took a tenth of a
    dense network's step, and multiplies matrices seven times as fast.
    """
    sums = []
    for gradient in gradients:
        columns = gradient.shape[-1] if gradient.shape.rank else 1
        squares = tf.reshape(tf.square(gradient), [-1, columns])
        total = tf.reduce_sum(tf.matmul(squares, tf.ones([columns, 1], squares.dtype)))
        sums.append(tf.cast(total, tf.float32))
    return tf.sqrt(tf.add_n(sums))
