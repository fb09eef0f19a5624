"""The loss of a model: its terms, each between an output and a target or computed from several, joined by their weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from netlib.nn.keras_objects import make_loss
from netlib.nn.network import Network
from netlib.spec.computed import BoundCompute, Derivative
from netlib.spec.errors import UsageError
from netlib.spec.heads import BoundLoss, Heads
from netlib.spec.train_fields import loss_names
from netlib.training.computed import computed_parts
from netlib.training.heads import encoded
from netlib.training.rows import Part, place_weights, sum_of_weights

Tensors = Mapping[str, tf.Tensor]


class Portion(NamedTuple):
    """Losses of a part of a batch, [columns], that are means over something of which the part has so much, `count`: those of
    several parts are joined by their counts."""

    losses: tf.Tensor
    count: tf.Tensor


class Objective:
    """The weighted sum of the terms; 0 where there are none, because layers add what is minimised. With `phase`, those of one of
    `train.phases`.

    `columns` names what is measured: `loss`, the sum, and each term by itself where there are several. `additions` says how often
    what layers add is a part of each.
    """

    def __init__(self, heads: Heads, phase: str = "") -> None:
        self.terms = tuple(
            _Computed(loss) if isinstance(loss, BoundCompute) else _Given(loss)
            for loss in heads.of_phase(phase).all_losses
        )
        self.columns = loss_names([term.bound.name for term in self.terms], phase)
        self.additions = (1.0, *[0.0] * (len(self.columns) - 1))

    @property
    def derivatives(self) -> tuple[Derivative, ...]:
        """What `outputs` must have besides the network's."""
        return tuple(each for term in self.terms for each in term.derivatives)

    def rows(self, outputs: Tensors, targets: Tensors, weights: Any = None, masks: Tensors | None = None) -> tf.Tensor:
        """The losses of each row, float32 [columns, rows].

        Where an output has a mask (`masks`, by output), only its real places count, and a row weighs as much as it has of them:
        the mean over the rows is that over the real places of the batch, as in Keras. `weights` are those of the rows; `targets`
        has inputs too, as `netlib.spec.computed.beside` puts them.
        """
        return self._rows(self._parts(outputs, targets, masks), tf.shape(next(iter(outputs.values())))[0], weights)

    def mean(
        self, outputs: Tensors, targets: Tensors, weights: Any, rows: int, masks: Tensors | None = None
    ) -> Portion:
        """The means over the rows, weighted if they have weights; and the sum of the weights."""
        return _mean(self.rows(outputs, targets, weights, masks), rows, weights)

    def portions(
        self,
        outputs: Tensors,
        targets: Tensors,
        weights: Any,
        rows: int,
        masks: Tensors | None = None,
        *,
        besides: bool = False,
    ) -> list[Portion]:
        """The same means in portions that add up to them: what has no mask, which counts by the weights, first; then what has
        each of the masks, and counts by the real places. With `besides` there is one without a mask in any case.
        """
        parts = self._parts(outputs, targets, masks)
        found = {id(part.mask): part.mask for term in parts for part in term if part.mask is not None}
        whole = besides or not found or any(part.mask is None for term in parts for part in term)
        portions = []
        for mask in [*([None] if whole else []), *found.values()]:
            chosen = [[part for part in term if part.mask is mask] for term in parts]
            mean = _mean(self._rows(chosen, rows, weights), rows, weights)
            portions.append(mean if mask is None else mean._replace(count=tf.reduce_sum(place_weights(mask, weights))))
        return portions

    def _parts(self, outputs: Tensors, targets: Tensors, masks: Tensors | None) -> list[list[Part]]:
        return [list(term.parts(outputs, targets, masks or {})) for term in self.terms]

    def _rows(self, parts: Sequence[Sequence[Part]], rows: Any, weights: Any) -> tf.Tensor:
        """What some parts of each term come to for each row, [columns, rows]."""
        each = [tf.add_n([part.rows(weights) for part in term]) if term else tf.zeros([rows]) for term in parts]
        if not each:
            return tf.zeros([1, rows])
        total = tf.add_n([term.bound.weight * values for term, values in zip(self.terms, each, strict=True)])
        return tf.stack([total, *each] if len(each) > 1 else [total])


def _mean(losses: tf.Tensor, rows: int, weights: Any) -> Portion:
    total = sum_of_weights(weights, rows)
    if weights is None:
        return Portion(tf.reduce_mean(losses, axis=1), total)
    return Portion(tf.math.divide_no_nan(tf.reduce_sum(losses * weights, axis=1), total), total)


class PhasedObjective:
    """What several phases minimise, for those who only look on. The first column is the sum of all of them, and then each has its
    own; what layers add is a part of the loss of each."""

    def __init__(self, heads: Heads, phases: Sequence[str]) -> None:
        self._objectives = tuple(Objective(heads, phase) for phase in phases)
        self.terms = tuple(term for each in self._objectives for term in each.terms)
        self.derivatives = tuple(wanted for each in self._objectives for wanted in each.derivatives)
        self.columns = ("loss", *(name for each in self._objectives for name in each.columns))
        self.additions = (float(len(phases)), *(share for each in self._objectives for share in each.additions))

    def rows(self, outputs: Tensors, targets: Tensors, weights: Any = None, masks: Tensors | None = None) -> tf.Tensor:
        """The losses of each row, float32 [columns, rows]; see `Objective.rows`."""
        each = [objective.rows(outputs, targets, weights, masks) for objective in self._objectives]
        return tf.concat([tf.add_n([rows[:1] for rows in each]), *each], axis=0)


def objective_of(heads: Heads) -> Objective | PhasedObjective:
    """What is minimised, of all phases if there are any."""
    phases = [phase for phase in dict.fromkeys(loss.phase for loss in heads.all_losses) if phase]
    return PhasedObjective(heads, phases) if phases else Objective(heads)


def need_loss(objective: Objective | PhasedObjective, model: Network) -> None:
    """Refuses to minimise nothing; belongs after a forward pass.

    Raises:
        UsageError: there is no loss, and no layer added one.
    """
    if not objective.terms and not model.added_losses:
        raise UsageError(
            f"{model.name} has no loss, and none of its layers added one: give 'loss', or add it in a layer, by AddLoss or"
            " self.add_loss"
        )


class _Given:
    """A loss of Keras's between an output and a target."""

    derivatives: tuple[Derivative, ...] = ()

    def __init__(self, bound: BoundLoss) -> None:
        self.bound = bound
        self._compute = make_loss(bound.spec)

    def parts(self, outputs: Tensors, targets: Tensors, masks: Tensors) -> Iterator[Part]:
        """Its values, of which each row has the mean over all further axes of the output, as Keras takes it."""
        bound = self.bound
        output, mask = outputs[bound.output], masks.get(bound.output)
        target = encoded(targets[bound.target], output, bound.spec.target)
        values = tf.cast(self._compute(target, output), tf.float32)
        if mask is not None and values.shape.rank < 2:
            raise UsageError(
                f"output '{bound.output}' has a mask {tuple(mask.shape)}, but its loss has one value a sample: a layer before it"
                f" that joins the places has to drop the mask"
            )
        yield Part(1.0, values, mask)


class _Computed:
    """A loss that an expression computes."""

    def __init__(self, bound: BoundCompute) -> None:
        self.bound = bound
        self.derivatives = bound.derivatives

    def parts(self, outputs: Tensors, targets: Tensors, masks: Tensors) -> Iterator[Part]:
        """What its summands come to."""
        return computed_parts(self.bound, outputs, targets, masks)
