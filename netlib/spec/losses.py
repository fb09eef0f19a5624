"""Losses, by the names and with the parameters that Keras gives them, and what each takes.

Cross-entropies take logits unless told otherwise (`from_logits` is true by default, unlike in Keras). Classes, and the vectors of
`CosineSimilarity`, lie on the last axis. How terms are weighted and averaged belongs to the training loop.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, PlainValidator

from netlib.spec.base import Spec, shown
from netlib.spec.computed import ComputedSpec
from netlib.spec.tensors import Shape
from netlib.spec.types import NonNegativeFloat, PositiveFloat

Link = Literal["softmax", "sigmoid"]
Wants = Literal["class index", "one-hot", "like output"]
"""The form of the target that a loss or a metric takes: an integer where the output has an axis of classes, one column for each
class, or the output's own shape."""

REFUSED = {
    "reduction": "the training loop takes the mean over samples, weighted by their weights",
    "name": "write 'name: {Loss: {...}}' under 'loss' to name a term",
    "dtype": "losses are computed in float32",
    "axis": "classes are on the last axis",
    "ignore_class": "it needs masks, which the training loop does not take yet",
}
LOGITS = "Whether the output is logits (the default here, not in Keras); if false, probabilities."
SMOOTHING = "Share of each target that is spread evenly over the classes."
Share = Annotated[NonNegativeFloat, Field(le=1)]


class LossSpec(Spec):
    """Base of all losses."""

    kind = "loss"
    refused: ClassVar[dict[str, str]] = REFUSED
    target: ClassVar[Wants] = "like output"
    logits_link: ClassVar[Link | None] = None
    """What makes probabilities of its logits; None for a loss that has no logits."""
    takes_probabilities: ClassVar[bool] = False
    """Whether what it compares is a probability in any case."""
    margin: ClassVar[bool] = False
    """Whether the sign of the output decides the class."""

    def objection(self, output: Shape) -> str | None:
        """Why it makes no sense for an output of that shape, if so."""
        if self.logits_link == "softmax" and output[-1] == 1:
            return "of one unit is 0 whatever the weights: use BinaryCrossentropy, or one unit for each class"
        return None

    @property
    def takes_logits(self) -> bool:
        """Whether the output that it sees is logits."""
        return self.logits_link is not None and bool(getattr(self, "from_logits", False))

    @property
    def link(self) -> Link | None:
        """What turns the output into what a person reads; None if it is that already."""
        return self.logits_link if self.takes_logits else None

    @property
    def probabilities(self) -> bool:
        """Whether the linked output is a probability."""
        return self.logits_link is not None or self.takes_probabilities

    @property
    def classifies(self) -> bool:
        """Whether the largest output, or its sign, names a class."""
        return self.probabilities or self.margin


class SparseCategoricalCrossentropy(LossSpec):
    """Cross-entropy of one class among several; the target is the class's index."""

    target = "class index"
    logits_link = "softmax"
    from_logits: bool = Field(True, description=LOGITS)


class CategoricalCrossentropy(LossSpec):
    """Cross-entropy of one class among several; the target is one-hot, or a probability for each class."""

    target = "one-hot"
    logits_link = "softmax"
    from_logits: bool = Field(True, description=LOGITS)
    label_smoothing: Share = Field(0.0, description=SMOOTHING)


class BinaryCrossentropy(LossSpec):
    """Cross-entropy of yes and no, for each output by itself."""

    logits_link = "sigmoid"
    from_logits: bool = Field(True, description=LOGITS)
    label_smoothing: Share = Field(0.0, description="Share of each target that is moved to one half.")


class BinaryFocalCrossentropy(LossSpec):
    """Cross-entropy of yes and no that counts easy samples less (Lin et al., 2017)."""

    logits_link = "sigmoid"
    apply_class_balancing: bool = Field(False, description="Whether alpha weights the two classes.")
    alpha: Share = Field(0.25, description="Weight of class 1 if classes are balanced; class 0 has the rest.")
    gamma: NonNegativeFloat = Field(2.0, description="How much less easy samples count.")
    from_logits: bool = Field(True, description=LOGITS)
    label_smoothing: Share = Field(0.0, description="Share of each target that is moved to one half.")


def _weights(value: Any) -> float | tuple[float, ...]:
    items = value if isinstance(value, list | tuple) else [value]
    if not items or not all(
        isinstance(item, int | float) and not isinstance(item, bool) and item >= 0 for item in items
    ):
        raise ValueError(
            f"expected a number that is not negative, or a list with one for each class, got {shown(value)}"
        )
    return tuple(map(float, items)) if isinstance(value, list | tuple) else float(value)


_WrittenWeights = NonNegativeFloat | Annotated[list[NonNegativeFloat], Field(min_length=1)]
ClassWeights = Annotated[float | tuple[float, ...], PlainValidator(_weights, json_schema_input_type=_WrittenWeights)]
"""A number for all classes, or a list with one for each."""


class CategoricalFocalCrossentropy(LossSpec):
    """Cross-entropy of one class among several that counts easy samples less; the target is one-hot (Lin et al., 2017)."""

    target = "one-hot"
    logits_link = "softmax"
    alpha: ClassWeights = Field(0.25, description="Weight of all classes, or a list with one for each.")
    gamma: NonNegativeFloat = Field(2.0, description="How much less easy samples count.")
    from_logits: bool = Field(True, description=LOGITS)
    label_smoothing: Share = Field(0.0, description=SMOOTHING)

    def objection(self, output: Shape) -> str | None:
        """Why it makes no sense for an output of that shape, if so."""
        if isinstance(self.alpha, tuple) and output[-1] not in (len(self.alpha), None):
            return f"has {len(self.alpha)} values of alpha for {output[-1]} units"
        return super().objection(output)


class MeanSquaredError(LossSpec):
    """Mean of squared differences."""


class MeanAbsoluteError(LossSpec):
    """Mean of absolute differences."""


class MeanAbsolutePercentageError(LossSpec):
    """Mean of absolute differences in percent of the target."""


class MeanSquaredLogarithmicError(LossSpec):
    """Mean squared difference of `log(1 + value)`, for values that are not negative."""


class Huber(LossSpec):
    """Squared where the difference is at most `delta`, linear beyond (Huber, 1964)."""

    shorthand = "delta"
    delta: PositiveFloat = Field(1.0, description="Difference at which it becomes linear.")


class LogCosh(LossSpec):
    """Logarithm of the hyperbolic cosine of the difference."""


class Poisson(LossSpec):
    """Negative Poisson likelihood of a count; the output is the rate, greater than zero."""


class KLDivergence(LossSpec):
    """Kullback-Leibler divergence from the target's distribution to the output's; both add up to 1."""

    takes_probabilities = True


class CosineSimilarity(LossSpec):
    """Minus the cosine of the angle between target and output."""


class Hinge(LossSpec):
    """Margin of yes and no; the target is 0 and 1, or -1 and 1."""

    margin = True


class SquaredHinge(LossSpec):
    """Squared margin of yes and no; the target is 0 and 1, or -1 and 1."""

    margin = True


class CategoricalHinge(LossSpec):
    """Margin between the right class and the best wrong one; the target is one-hot."""

    target = "one-hot"
    margin = True


class Compute(ComputedSpec):
    """What an expression of outputs (logits, as the network gives them), targets and inputs comes to: `mean(same * d ** 2)`.

    Names are those of outputs, then targets, then inputs; `output.name`, `target.name` and `input.name` say which. Means over
    everything, with numbers as factors and added up, are taken sample by sample, and a value for each sample is averaged over its
    other axes: weights of samples, masks and accumulation then work as for any loss. Anything else that has no value for each
    sample, such as `sum(x)` or `sqrt(mean(x))`, is one of the whole batch, in which weights and masks do not count.
    """

    kind = "loss"
    refused: ClassVar[dict[str, str]] = REFUSED
