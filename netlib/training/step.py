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
from netlib.nn.replicas import synchronized
from netlib.spec.computed import Derivative, beside
from netlib.spec.training import ClipSpec
from netlib.training.added import Added
from netlib.training.joining import Learned, LearnedPortion, Means, joined, zeros
from netlib.training.loss_scale import LossScale
from netlib.training.meters import Meters
from netlib.training.mixing import Mixing, loss_portions, mean_loss, network_inputs
from netlib.training.objective import Objective, Portion, Tensors, need_loss
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

    def learned(self, batch: Batch, rows: int, step: tf.Tensor, first_row: int = 0) -> Means:
        """Mean losses and added metrics, the sum of the weights, and the gradient of each variable that is trained.

        The first of the rows is the step's row number `first_row`. Weights stay as they are; what a forward pass changes
        (`counted`) is changed.
        """
        variables = self.trained()
        if rows <= self.batch_size:
            return self._gradients(batch, first_row, rows, step, variables).means()
        return self.joined(self._accumulated(batch, first_row, rows, step, variables))

    def sums(self, batch: Batch, rows: int, step: tf.Tensor, first_row: int = 0) -> list[tf.Tensor]:
        """The same in a form that is added up over the parts of a step's batch that replicas have; see `joined`."""
        variables = self.trained()
        if rows <= self.batch_size:
            return self._gradients(batch, first_row, rows, step, variables, apart=True).sums()
        return self._accumulated(batch, first_row, rows, step, variables)

    def joined(self, sums: Sequence[tf.Tensor]) -> Means:
        """What `learned` returns, of such sums over all parts."""
        return joined(sums, len(self.trained()))

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

    def trained(self) -> tuple[tf.Variable, ...]:
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

    def counted(self) -> Iterator[tf.Variable]:
        """What a forward pass changes: statistics and states of layers, counters of metrics."""
        yield from (variable for variable in self.model.variables if not variable.trainable)
        yield from self.meters.named_variables().values()

    @property
    def facts(self) -> tuple[str, ...]:
        """What is known of each step: the objective's columns and what layers add last."""
        return (*FACTS, *self.objective.columns, *self.added.names)

    def _gradients(
        self,
        batch: Batch,
        first_row: Any,
        rows: int,
        step: tf.Tensor,
        variables: tuple[tf.Variable, ...],
        *,
        apart: bool = False,
    ) -> Learned:
        """Mean losses and added metrics, sum of weights, and gradient of one micro-batch; penalties are in the first column.

        With `apart` it is to be joined with others: in portions, with gradients times their counts. They are taken of losses
        times that, for where statistics are of the rows of all replicas, what one of them learns is of the losses of all.
        """
        targets = targets_of(batch)
        tape = tf.GradientTape(persistent=apart, watch_accessed_variables=False)
        with tape, forward_pass(self.seed, step, first_row):
            tape.watch(variables)
            outputs = differentiated(self.model, network_inputs(batch), self._derivatives, training=True)
            need_loss(self.objective, self.model)
            masks = self.model.output_masks
            weight, found = self._losses(outputs, targets, batch, rows, masks, apart=apart)
            losses = [tf.add_n([found[0].losses[0], *self.model.losses]), *(each.losses[0] for each in found[1:])]
            # In units of a whole batch, the same for all replicas: the factor is about 1, and no scaled loss overflows by it.
            unit = float(self.batch_size)
            counted = [loss * (each.count / unit) if apart else loss for loss, each in zip(losses, found, strict=True)]
            minimised = counted if self.scale is None else [self.scale.scaled(loss) for loss in counted]
        gradients = self._connected([tape.gradient(each, variables) for each in minimised], variables)
        self.meters.update(outputs, targets, batch["weights"], masks)
        logged = self.added.values(self.model)
        portions = []
        for place, (loss, each, own) in enumerate(zip(losses, found, gradients, strict=True)):
            columns = tf.concat([[loss], each.losses[1:], logged if place == 0 else tf.zeros_like(logged)], axis=0)
            portions.append(LearnedPortion(columns, each.count, self._dense(own, self.batch_size if apart else 1)))
        return Learned(weight, portions)

    def _losses(
        self,
        outputs: Tensors,
        targets: Tensors,
        batch: Batch,
        rows: int,
        masks: Tensors,
        *,
        apart: bool,
    ) -> tuple[tf.Tensor, list[Portion]]:
        """The sum of the weights, and the loss in portions if it is to be joined with others, else in one."""
        if apart:
            besides = bool(self.added)
            return loss_portions(self.objective, outputs, targets, batch, rows, masks, besides=besides)
        whole = mean_loss(self.objective, outputs, targets, batch, rows, masks)
        return whole.count, [whole]

    def _dense(self, gradients: Sequence[Any], factor: int) -> list[tf.Tensor]:
        """A sparse gradient (of an embedding) is made dense: norms, clipping and sums are then those of the whole gradient."""
        dense = [tf.convert_to_tensor(gradient) for gradient in gradients]
        dense = dense if self.scale is None else self.scale.unscaled(dense)
        return dense if factor == 1 else [gradient * tf.cast(factor, gradient.dtype) for gradient in dense]

    @property
    def _derivatives(self) -> tuple[Derivative, ...]:
        return (*self.objective.derivatives, *self.meters.derivatives)

    def _connected(self, gradients: list[list[Any]], variables: tuple[tf.Variable, ...]) -> list[list[Any]]:
        """Zeros where a variable has no gradient of a portion of the loss, with a warning that names it if it has none of any: it
        would silently not be trained."""
        by_variable = zip(*gradients, strict=True)
        missing = {
            id(v) for v, each in zip(variables, by_variable, strict=True) if all(gradient is None for gradient in each)
        }
        paths = [named.path for named in self.model.named_variables() if id(named.variable) in missing]
        if paths:
            warnings.warn(UntrainedWarning(paths), stacklevel=2)
        return [
            [tf.zeros_like(v) if g is None else g for v, g in zip(variables, each, strict=True)] for each in gradients
        ]

    def _accumulated(
        self, batch: Batch, first_row: int, rows: int, step: tf.Tensor, variables: tuple[tf.Variable, ...]
    ) -> list[tf.Tensor]:
        """The sums over all micro-batches."""
        size, (whole, rest) = self.batch_size, divmod(rows, self.batch_size)

        def part(start: Any, length: int) -> list[tf.Tensor]:
            micro = map_batch(lambda array: tf.slice(array, *row_slice(array, start, length)), batch)
            first = start + first_row if first_row else start
            return self._gradients(micro, first, length, step, variables, apart=True).sums()

        def add(index: tf.Tensor, sums: list[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor]]:
            return index + 1, [total + value for total, value in zip(sums, part(index * size, size), strict=True)]

        columns = len(self.objective.columns) + len(self.added.names)
        nothing = zeros(columns, variables, self._count_portions(batch, rows))
        sums: list[tf.Tensor]
        _, sums = tf.while_loop(
            lambda index, _: index < whole,
            add,
            (tf.constant(0), nothing),
            parallel_iterations=1,
            maximum_iterations=whole,
        )
        if rest:
            sums = [total + value for total, value in zip(sums, part(whole * size, rest), strict=True)]
        return sums

    def _count_portions(self, batch: Batch, rows: int) -> int:
        """Into how many portions the loss falls, found by a run without values, and only once; the loop has to know it before."""
        if not self._known_portions:

            def look() -> None:
                with synchronized(None), forward_pass(self.seed, 0):
                    outputs = differentiated(self.model, network_inputs(batch), self._derivatives, training=False)
                masks = self.model.output_masks
                _, found = self._losses(outputs, targets_of(batch), batch, rows, masks, apart=True)
                self._known_portions.append(len(found))

            tf.function(look, autograph=False).get_concrete_function()
        return self._known_portions[0]

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
