"""One step: one update of the weights, from one batch or several micro-batches. Traced inside the loop, once a batch size."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import tensorflow as tf

from netlib.nn.derivatives import differentiated
from netlib.nn.network import Network
from netlib.nn.random import forward_pass
from netlib.spec.computed import Derivative, beside
from netlib.spec.training import ClipSpec
from netlib.training.added import Added
from netlib.training.loss_scale import LossScale
from netlib.training.meters import Meters
from netlib.training.mixing import Mixing, mean_loss, network_inputs
from netlib.training.objective import Objective, need_loss
from netlib.training.trouble.gate import LEFT_OUT, Copies, gated

Batch = Mapping[str, Any]
"""`inputs` and `targets` by name, and `weights` ([rows], or None); where samples are mixed, also `mixed`."""


FACTS = ("learning_rate", "gradient_norm", "weight", "skipped")


class UntrainedWarning(UserWarning):
    """Variables that are to be trained get no gradient; `paths` has them."""

    def __init__(self, paths: Sequence[str]) -> None:
        self.paths = tuple(paths)
        super().__init__(self.paths)  # of which another process makes the same again

    def __str__(self) -> str:
        return self.message(self.paths)

    @staticmethod
    def message(paths: Sequence[str]) -> str:
        """What is to be said of some of the variables."""
        advice = "freeze what is not to be trained, and make a statistic with trainable=False"
        return f"the loss does not depend on {', '.join(paths)}: not trained; {advice}"


@dataclass(frozen=True)
class TrainStep:
    """Everything that a step reads and changes.

    `accumulate` micro-batches of `batch_size` rows make one step; fewer, and a smaller last one, where rows run out. Their
    gradients are joined weighted by their samples, so the step is that of one large batch.
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
        variables = self._trained()
        before = Copies(self._counted()) if self.gated else None
        if self.mixing is not None:
            batch = self.mixing(batch, rows, step)
        if rows <= self.batch_size:
            losses, weight, gradients = self._gradients(batch, 0, rows, step, variables)
        else:
            losses, weight, gradients = self._accumulated(batch, rows, step, variables)
        norm = _global_norm(gradients)
        rate = tf.cast(self.optimizer.learning_rate, tf.float32)
        clipped = self._clipped(gradients, norm)
        if before is None:
            self.optimizer.apply(clipped, variables)
            return tf.concat([[rate, norm, weight, 0.0], losses], axis=0)
        finite = tf.math.is_finite(norm) & tf.math.is_finite(losses[0])
        skipped = self._update(finite, lambda: self.optimizer.apply(clipped, variables), before.take_back)
        return tf.concat([[rate, tf.where(finite, norm, math.nan), weight, skipped], losses], axis=0)

    def _trained(self) -> tuple[tf.Variable, ...]:
        """The variables that are not frozen now, those of its own if it does not train all."""
        trained = self.model.trainable_variables
        if self.only is None:
            return trained
        free = set(map(id, trained))
        return tuple(variable for variable in self.only if id(variable) in free)

    def _update(self, finite: tf.Tensor, apply: Callable[[], None], undo: Callable[[], None]) -> tf.Tensor:
        """Applies the update or leaves it out; returns what `skipped` is."""
        if self.scale is None:
            return tf.where(gated(finite, apply, undo), 0.0, LEFT_OUT)
        skipped = self.scale.update(finite, apply, undo)
        return tf.where(finite | (skipped > 0), skipped, LEFT_OUT) if self.skips else skipped

    def _counted(self) -> Iterator[tf.Variable]:
        """What a forward pass changes: statistics and states of layers, counters of metrics."""
        yield from (variable for variable in self.model.variables if not variable.trainable)
        yield from self.meters.named_variables().values()

    @property
    def facts(self) -> tuple[str, ...]:
        """What is known of each step: the objective's columns and what layers add last."""
        return (*FACTS, *self.objective.columns, *self.added.names)

    def _gradients(
        self, batch: Batch, first_row: Any, rows: int, step: tf.Tensor, variables: tuple[tf.Variable, ...]
    ) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
        """Mean losses and added metrics, sum of weights, and gradient of one micro-batch; penalties are in the first column."""
        targets = targets_of(batch)
        with tf.GradientTape(watch_accessed_variables=False) as tape, forward_pass(self.seed, step, first_row):
            tape.watch(variables)
            outputs = differentiated(self.model, network_inputs(batch), self._derivatives, training=True)
            need_loss(self.objective, self.model)
            masks = self.model.output_masks
            losses, weight = mean_loss(self.objective, outputs, targets, batch, rows, masks)
            loss = tf.add_n([losses[0], *self.model.losses])
            minimised = loss if self.scale is None else self.scale.scaled(loss)
        gradients = self._connected(tape.gradient(minimised, variables), variables)
        self.meters.update(outputs, targets, batch["weights"], masks)
        # A sparse gradient (of an embedding) is made dense: norms, clipping and sums are then those of the whole gradient.
        dense = [tf.convert_to_tensor(gradient) for gradient in gradients]
        dense = dense if self.scale is None else self.scale.unscaled(dense)
        facts = tf.concat([[loss], losses[1:], self.added.values(self.model)], axis=0)
        return facts, weight, dense

    @property
    def _derivatives(self) -> tuple[Derivative, ...]:
        return (*self.objective.derivatives, *self.meters.derivatives)

    def _connected(self, gradients: list[Any], variables: tuple[tf.Variable, ...]) -> list[Any]:
        """Zeros where a variable has no gradient, with a warning that names it: it would silently not be trained."""
        missing = {id(v) for v, gradient in zip(variables, gradients, strict=True) if gradient is None}
        paths = [named.path for named in self.model.named_variables() if id(named.variable) in missing]
        if paths:
            warnings.warn(UntrainedWarning(paths), stacklevel=2)
        return [tf.zeros_like(v) if g is None else g for v, g in zip(variables, gradients, strict=True)]

    def _accumulated(
        self, batch: Batch, rows: int, step: tf.Tensor, variables: tuple[tf.Variable, ...]
    ) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
        size, (whole, rest) = self.batch_size, divmod(rows, self.batch_size)

        def part(start: Any, length: int) -> list[tf.Tensor]:
            micro = map_batch(lambda array: tf.slice(array, *row_slice(array, start, length)), batch)
            losses, weight, gradients = self._gradients(micro, start, length, step, variables)
            return [weight, losses * weight, *(gradient * tf.cast(weight, gradient.dtype) for gradient in gradients)]

        def add(index: tf.Tensor, sums: list[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor]]:
            return index + 1, [total + value for total, value in zip(sums, part(index * size, size), strict=True)]

        columns = len(self.objective.columns) + len(self.added.names)
        zeros = [
            tf.zeros([]),
            tf.zeros([columns]),
            *(tf.zeros(variable.shape, variable.dtype) for variable in variables),
        ]
        _, sums = tf.while_loop(
            lambda index, _: index < whole,
            add,
            (tf.constant(0), zeros),
            parallel_iterations=1,
            maximum_iterations=whole,
        )
        if rest:
            sums = [total + value for total, value in zip(sums, part(whole * size, rest), strict=True)]
        weight, losses, *gradients = sums
        scale = tf.math.divide_no_nan(1.0, weight)
        return losses * scale, weight, [gradient * tf.cast(scale, gradient.dtype) for gradient in gradients]

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


def targets_of(batch: Batch) -> dict[str, tf.Tensor]:
    """What a loss or a metric may name as its target: the targets, and the inputs (of an autoencoder)."""
    return beside(batch["inputs"], batch["targets"])


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


def map_batch(function: Callable[[tf.Tensor], tf.Tensor], batch: Batch) -> Batch:
    """The batch with every tensor replaced; weights that are None stay None."""
    return tf.nest.map_structure(lambda tensor: None if tensor is None else function(tensor), batch)  # type: ignore[no-any-return]


def row_slice(array: tf.Tensor, start: Any, length: int) -> tuple[list[Any], list[int]]:
    """What `tf.slice` takes to give so many rows."""
    axes = array.shape.rank - 1
    return [start, *[0] * axes], [length, *[-1] * axes]
