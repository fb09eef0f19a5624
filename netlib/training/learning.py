"""What a step learns from its samples before it changes a weight: losses and gradients, of one batch or of micro-batches."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import tensorflow as tf

from netlib.nn.derivatives import differentiated
from netlib.nn.network import Network
from netlib.nn.random import forward_pass
from netlib.nn.replicas import synchronized
from netlib.spec.computed import Derivative
from netlib.training.added import Added
from netlib.training.batch import Batch, map_batch, row_slice, targets_of
from netlib.training.joining import Learned, LearnedPortion, Means, joined, zeros
from netlib.training.loss_scale import LossScale
from netlib.training.meters import Meters
from netlib.training.mixing import loss_portions, mean_loss, network_inputs
from netlib.training.objective import Objective, Portion, Tensors, need_loss


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


class Learning:
    """The first half of a `TrainStep`, which says what its fields are."""

    model: Network
    objective: Objective
    meters: Meters
    batch_size: int
    seed: int
    added: Added
    scale: LossScale | None
    only: tuple[tf.Variable, ...] | None
    _known_portions: list[int]

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

    def trained(self) -> tuple[tf.Variable, ...]:
        """The variables that are not frozen now, those of its own if it does not train all."""
        trained = self.model.trainable_variables
        if self.only is None:
            return trained
        free = set(map(id, trained))
        return tuple(variable for variable in self.only if id(variable) in free)

    def counted(self) -> Iterator[tf.Variable]:
        """What a forward pass changes: statistics and states of layers, counters of metrics."""
        yield from (variable for variable in self.model.variables if not variable.trainable)
        yield from self.meters.named_variables().values()

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
        nothing = zeros(columns, variables, self._count_portions(batch))
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

    def _count_portions(self, batch: Batch) -> int:
        """Into how many portions the loss falls, found by a run without values on a micro-batch, and only once; the loop has to
        know it before."""
        if not self._known_portions:
            rows = self.batch_size

            def look() -> None:
                micro = map_batch(lambda array: tf.slice(array, *row_slice(array, 0, rows)), batch)
                with synchronized(None), forward_pass(self.seed, 0):
                    outputs = differentiated(self.model, network_inputs(micro), self._derivatives, training=False)
                masks = self.model.output_masks
                _, found = self._losses(outputs, targets_of(micro), micro, rows, masks, apart=True)
                self._known_portions.append(len(found))

            tf.function(look, autograph=False).get_concrete_function()
        return self._known_portions[0]
