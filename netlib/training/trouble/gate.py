"""The gate: an update of the weights that is applied only where all is finite, and undone else.

Two kinds of steps have one. `TrainStep` looks at loss and gradient before it updates anything, which costs little: that is the
gate of loss scaling and of `train.on_nan: skip`. `UndoneStep` keeps copies of everything, looks also at what came out, and is for
the search of a bad step, and for steps of several phases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf

if TYPE_CHECKING:
    from netlib.training.batch import Batch
    from netlib.training.phases import PhasedStep
    from netlib.training.step import TrainStep

LEFT_OUT = 2.0
"""What the fact `skipped` of a step is that has changed nothing because something was not finite."""


def gated(finite: tf.Tensor, apply: Callable[[], Any], undo: Callable[[], Any]) -> tf.Tensor:
    """Runs `apply` where `finite`, else `undo`; returns what that one returns, or else `finite`."""

    def run(function: Callable[[], Any]) -> Callable[[], tf.Tensor]:
        def branch() -> tf.Tensor:
            found = function()
            return tf.identity(finite) if found is None else found

        return branch

    return tf.cond(finite, run(apply), run(undo))


class Copies:
    """The values that variables have now."""

    def __init__(self, variables: Iterable[tf.Variable]) -> None:
        self._values = [(variable, tf.identity(variable)) for variable in variables]

    def take_back(self) -> None:
        """Gives them back."""
        for variable, value in self._values:
            variable.assign(value)


class UndoneStep:
    """A step of which nothing is left where its loss or gradient, or any weight, statistic or slot after it, is not finite.

    Else it computes the same as the step in it, and has its facts; compiled by XLA it may round otherwise.
    """

    gated = True

    def __init__(self, step: TrainStep | PhasedStep) -> None:
        self.plain = step
        self.facts = step.facts
        self.added = step.added
        self.model = step.model
        self.optimizer = step.optimizer
        self.meters = step.meters
        self.scale = step.scale

    def __call__(self, batch: Batch, rows: int, step: tf.Tensor) -> tf.Tensor:
        """As the step in it; `skipped` is `LEFT_OUT` where it was undone."""
        before = Copies(self.changed())
        facts = self.plain(batch, rows, step)
        skipped = facts[self.facts.index("skipped")]
        loss, norm = (facts[self.facts.index(name)] for name in ("loss", "gradient_norm"))
        usable = (tf.math.is_finite(loss) & ~tf.math.is_nan(norm)) | (skipped == 1.0)
        finite = usable & (skipped != LEFT_OUT) & all_finite(self.kept())
        place = [[self.facts.index("skipped")]]
        skipped = tf.where(gated(finite, lambda: None, before.take_back), skipped, LEFT_OUT)
        return tf.tensor_scatter_nd_update(facts, place, [skipped])

    def kept(self) -> Iterator[tf.Variable]:
        """What must be finite after it: weights, statistics and slots."""
        yield from self.model.variables
        for each in self.optimizer.variables:
            yield each.value if isinstance(each, keras.Variable) else each

    def changed(self) -> Iterator[tf.Variable]:
        """All that a step may change, what callbacks have left out."""
        yield from self.kept()
        yield from self.meters.named_variables().values()
        if self.scale is not None:
            yield from self.scale.named_variables().values()


def all_finite(variables: Iterable[tf.Variable]) -> tf.Tensor:
    """Whether all floating-point values of the variables are finite."""
    floating = [each for each in variables if each.dtype.is_floating]
    return tf.reduce_all([tf.reduce_all(tf.math.is_finite(each)) for each in floating])
