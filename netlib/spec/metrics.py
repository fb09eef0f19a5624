"""Metrics, by the names and with the parameters that Keras gives them, and what each takes.

A metric gives one number. It sees the linked output (probabilities where the loss works on logits), except the cross-entropies,
which see the output itself: probabilities near 0 and 1 would cost them precision. Classes lie on the last axis.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, PlainValidator

from netlib.spec.base import Spec, shown
from netlib.spec.computed import ComputedSpec
from netlib.spec.losses import Link, LossSpec, Share, Wants
from netlib.spec.tensors import Shape, show
from netlib.spec.types import NonNegativeFloat, NonNegativeInt, PositiveInt

REFUSED = {
    "name": "write it beside the type: '{Metric: {...}, name: ...}'",
    "dtype": "metrics count in float64",
    "from_logits": "what the output is follows from its loss",
    "axis": "classes are on the last axis",
    "ignore_class": "it needs masks, which the training loop does not take yet",
    "top_k": "Keras computes it in float32, where counters stop at 16,777,216; see TopKCategoricalAccuracy",
    "num_labels": "it is the number of the output's units",
}
ONE_THRESHOLD = "Probability above which the answer is yes."


class MetricSpec(Spec):
    """Base of all metrics."""

    kind = "metric"
    refused: ClassVar[dict[str, str]] = REFUSED
    takes: ClassVar[Literal["linked output", "output", "order"]] = "linked output"
    """What it sees; `order`: only which output is largest, which no link changes."""
    target: ClassVar[Wants] = "like output"
    direction: ClassVar[Literal["min", "max"]] = "max"
    """Which way is better."""
    needs: ClassVar[Literal["probabilities", "classes", "values"]] = "values"
    """What the linked output must be: a probability, something whose largest entry (or sign) names a class, or any number."""
    several_units: ClassVar[bool] = False
    """Whether it makes no sense for an output of one unit."""
    one_axis: ClassVar[bool] = False
    """Whether it takes only outputs of shape (batch, units)."""

    def objection(self, output: Shape) -> str | None:
        """Why it makes no sense for an output of that shape, if so."""
        if self.several_units and output[-1] == 1:
            return "of one unit says nothing, as that unit is always the largest: use a binary metric"
        if self.one_axis and len(output) != 2:
            return f"needs an output of shape (batch, units), got {show(output)}"
        return None


class SparseCategoricalAccuracy(MetricSpec):
    """Share of samples whose largest output is at the target's index."""

    target = "class index"
    takes = "order"
    needs = "classes"
    several_units = True


class CategoricalAccuracy(MetricSpec):
    """Share of samples whose largest output is where the one-hot target has its one."""

    target = "one-hot"
    takes = "order"
    needs = "classes"
    several_units = True


class BinaryAccuracy(MetricSpec):
    """Share of right answers to yes and no."""

    needs = "classes"
    threshold: Share = Field(0.5, description=ONE_THRESHOLD)


class Accuracy(MetricSpec):
    """Share of right answers: the sparse, categorical or binary accuracy, as the loss of the same output asks."""

    needs = "classes"

    def for_loss(self, loss: LossSpec) -> MetricSpec | None:
        """The accuracy that goes with a loss; None where the output names no class."""
        if not loss.classifies:
            return None
        if loss.target == "class index":
            return SparseCategoricalAccuracy()
        if loss.target == "one-hot" or loss.takes_probabilities:
            return CategoricalAccuracy()
        return BinaryAccuracy(threshold=0.0 if loss.margin else 0.5)


class _TopK(MetricSpec):
    shorthand = "k"
    takes = "order"
    needs = "classes"
    several_units = True
    refused: ClassVar[dict[str, str]] = REFUSED | {"from_sorted_ids": "outputs are scores of classes here"}
    k: PositiveInt = Field(5, description="How many outputs count.")

    def objection(self, output: Shape) -> str | None:
        """Why it makes no sense for an output of that shape, if so."""
        units = output[-1]
        if units is not None and self.k >= units:
            return f"with k = {self.k} is always 1 for {units} units"
        return super().objection(output)


class TopKCategoricalAccuracy(_TopK):
    """Share of samples whose class, one-hot, is among the `k` largest outputs."""

    target = "one-hot"


class SparseTopKCategoricalAccuracy(_TopK):
    """Share of samples whose class, an index, is among the `k` largest outputs."""

    target = "class index"


def _shares(value: Any) -> tuple[float, ...]:
    if not isinstance(value, list | tuple) or not value or not all(map(_is_share, value)):
        raise ValueError(f"expected a list of numbers between 0 and 1, got {shown(value)}")
    return tuple(map(float, value))


def _weights(value: Any) -> tuple[float, ...]:
    if not isinstance(value, list | tuple) or not value or not all(_is_number(item) and item >= 0 for item in value):
        raise ValueError(f"expected a list of numbers that are not negative, got {shown(value)}")
    return tuple(map(float, value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_share(value: Any) -> bool:
    return _is_number(value) and 0 <= value <= 1


_WrittenShares = Annotated[list[Share], Field(min_length=1)]
Shares = Annotated[tuple[float, ...], PlainValidator(_shares, json_schema_input_type=_WrittenShares)]
_WrittenWeights = Annotated[list[NonNegativeFloat], Field(min_length=1)]
ClassWeights = Annotated[tuple[float, ...], PlainValidator(_weights, json_schema_input_type=_WrittenWeights)]


class AUC(MetricSpec):
    """Area under a curve over all thresholds; with several classes, of one class against the rest."""

    target = "one-hot"
    needs = "probabilities"
    num_thresholds: PositiveInt = Field(200, gt=1, description="Number of thresholds, evenly spaced.")
    curve: Literal["ROC", "PR", "PRGAIN"] = Field("ROC", description="Which curve.")
    summation_method: Literal["interpolation", "minoring", "majoring"] = Field(
        "interpolation", description="How the area between two thresholds is estimated."
    )
    thresholds: Shares | None = Field(None, description="The thresholds themselves, in place of num_thresholds.")
    multi_label: bool = Field(False, description="Whether to take the mean over classes of each one's area.")
    label_weights: ClassWeights | None = Field(None, description="Weight of each class in that mean; equal if null.")

    def objection(self, output: Shape) -> str | None:
        """Why it makes no sense for an output of that shape, if so."""
        if self.multi_label and len(output) != 2:
            return f"with multi_label needs an output of shape (batch, units), got {show(output)}"
        if self.label_weights and output[-1] not in (len(self.label_weights), None):
            return f"has {len(self.label_weights)} label_weights for {output[-1]} units"
        return super().objection(output)


class _Detection(MetricSpec):
    target = "one-hot"
    needs = "probabilities"
    thresholds: Share = Field(0.5, description=ONE_THRESHOLD)
    class_id: NonNegativeInt | None = Field(None, description="The class to look at; all together if null.")

    def objection(self, output: Shape) -> str | None:
        """Why it makes no sense for an output of that shape, if so."""
        units = output[-1]
        if self.class_id is not None and units is not None and self.class_id >= units:
            return f"looks at class {self.class_id}, but the classes of {units} units are 0 to {units - 1}"
        return super().objection(output)


class Precision(_Detection):
    """Share of the answers yes that are right."""


class Recall(_Detection):
    """Share of the targets yes that are found."""


class F1Score(MetricSpec):
    """Harmonic mean of precision and recall."""

    target = "one-hot"
    needs = "probabilities"
    one_axis = True
    average: Literal["micro", "macro", "weighted"] = Field(
        "macro", description="How classes are joined: all counts together, plain mean, or mean weighted by frequency."
    )
    threshold: Annotated[Share, Field(gt=0)] | None = Field(
        None, description="Probability above which the answer is yes; the largest output if null."
    )

    def objection(self, output: Shape) -> str | None:
        """Why it makes no sense for an output of that shape, if so."""
        if self.threshold is None and output[-1] == 1:
            return "of one unit needs a threshold, such as 0.5: without one every answer is yes"
        return super().objection(output)


class _Crossentropy(MetricSpec):
    takes = "output"
    needs = "probabilities"
    direction = "min"
    link: ClassVar[Link] = "softmax"
    """The link that the output's logits must have."""


class SparseCategoricalCrossentropy(_Crossentropy):
    """Cross-entropy of one class among several; the target is the class's index."""

    target = "class index"
    several_units = True


class CategoricalCrossentropy(_Crossentropy):
    """Cross-entropy of one class among several; the target is one-hot."""

    target = "one-hot"
    several_units = True
    label_smoothing: Share = Field(0.0, description="Share of each target that is spread evenly over the classes.")


class BinaryCrossentropy(_Crossentropy):
    """Cross-entropy of yes and no, for each output by itself."""

    link = "sigmoid"
    label_smoothing: Share = Field(0.0, description="Share of each target that is moved to one half.")


class _Error(MetricSpec):
    direction = "min"


class MeanSquaredError(_Error):
    """Mean of squared differences."""


class RootMeanSquaredError(_Error):
    """Square root of the mean of squared differences, in the target's unit."""


class MeanAbsoluteError(_Error):
    """Mean of absolute differences, in the target's unit."""


class MeanAbsolutePercentageError(_Error):
    """Mean of absolute differences in percent of the target."""


class MeanSquaredLogarithmicError(_Error):
    """Mean squared difference of `log(1 + value)`, for values that are not negative."""


class R2Score(MetricSpec):
    """Share of the target's variance that the output explains: 1 is perfect, 0 as good as the mean."""

    refused: ClassVar[dict[str, str]] = REFUSED | {
        "num_regressors": "Keras adjusts the score by a number of rows that ignores their weights"
    }
    one_axis = True
    class_aggregation: Literal["uniform_average", "variance_weighted_average"] = Field(
        "uniform_average", description="How several columns are joined."
    )


class CosineSimilarity(MetricSpec):
    """Cosine of the angle between target and output."""


class Compute(ComputedSpec):
    """What an expression of outputs (as the network gives them), targets and inputs comes to; see the loss `Compute`."""

    kind = "metric"
    refused: ClassVar[dict[str, str]] = REFUSED
