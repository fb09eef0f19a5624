"""Activation functions, by the names and with the parameters that Keras gives them; each keeps its input's shape."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from netlib.spec.base import Spec
from netlib.spec.types import Float, Int, NonNegativeFloat, PositiveFloat


class ActivationSpec(Spec):
    """Base of all activations. `link` is what it turns logits into probabilities as, if it does."""

    kind = "activation"
    link: ClassVar[Literal["softmax", "sigmoid"] | None] = None
    kept: ClassVar[int] = 3
    """Values that the backward pass needs for each one of the output, besides that: measured. 3 is that of a formula of several
    operations."""
    kept_by_xla: ClassVar[int] = 2
    """The same where XLA compiles it, which computes some again."""


class Relu(ActivationSpec):
    """`max(x, 0)`, with a slope below `threshold` and a ceiling if they are given."""

    kept = 0
    kept_by_xla = 1
    negative_slope: NonNegativeFloat = Field(0.0, description="Slope below the threshold.")
    max_value: NonNegativeFloat | None = Field(None, description="Ceiling of the output; none if null.")
    threshold: NonNegativeFloat = Field(0.0, description="Value below which the input is damped.")


class Relu6(ActivationSpec):
    """`min(max(x, 0), 6)`."""

    kept = 0
    kept_by_xla = 1


class LeakyRelu(ActivationSpec):
    """`x` above zero, `negative_slope * x` below."""

    kept = 1
    kept_by_xla = 1
    shorthand = "negative_slope"
    negative_slope: NonNegativeFloat = Field(0.2, description="Slope below zero.")


class Elu(ActivationSpec):
    """`x` above zero, `alpha * (exp(x) - 1)` below."""

    kept = 0
    kept_by_xla = 0
    shorthand = "alpha"
    alpha: Float = Field(1.0, description="Minus the limit of the output far below zero.")


class Selu(ActivationSpec):
    """Scaled `elu` whose constants keep mean 0 and variance 1."""

    kept = 0
    kept_by_xla = 0


class Celu(ActivationSpec):
    """`max(x, 0) + min(0, alpha * (exp(x / alpha) - 1))`."""

    shorthand = "alpha"
    alpha: PositiveFloat = Field(1.0, description="Minus the limit of the output far below zero.")


class Gelu(ActivationSpec):
    """`x` times the normal distribution function of `x`."""

    kept = 3
    kept_by_xla = 3
    approximate: bool = Field(False, description="Whether to use the faster formula with tanh.")


class Sigmoid(ActivationSpec):
    """`1 / (1 + exp(-x))`."""

    kept = 0
    kept_by_xla = 0
    link = "sigmoid"


class HardSigmoid(ActivationSpec):
    """`x / 6 + 0.5`, kept between 0 and 1."""


class LogSigmoid(ActivationSpec):
    """Logarithm of `sigmoid`."""


class SparseSigmoid(ActivationSpec):
    """`(x + 1) / 2`, kept between 0 and 1."""


class Softmax(ActivationSpec):
    """`exp(x)` divided by its sum along an axis."""

    kept = 0
    kept_by_xla = 0
    link = "softmax"
    axis: Int = Field(-1, description="Axis along which the values add up to 1.")


class LogSoftmax(ActivationSpec):
    """Logarithm of `softmax`."""

    kept = 0
    kept_by_xla = 0
    axis: Int = Field(-1, description="Axis along which the probabilities add up to 1.")


class Sparsemax(ActivationSpec):
    """The nearest point whose values are not negative and add up to 1 along an axis."""

    axis: Int = Field(-1, description="Axis along which the values add up to 1.")


class Softplus(ActivationSpec):
    """`log(1 + exp(x))`."""

    kept = 1
    kept_by_xla = 1


class Softsign(ActivationSpec):
    """`x / (1 + abs(x))`."""

    kept = 1
    kept_by_xla = 1


class SoftShrink(ActivationSpec):
    """`x` moved towards zero by `threshold`, zero where it is nearer than that."""

    threshold: NonNegativeFloat = Field(0.5, description="How far the values move.")


class HardShrink(ActivationSpec):
    """`x`, but zero where it is nearer to zero than `threshold`."""

    threshold: NonNegativeFloat = Field(0.5, description="Largest distance from zero that is made zero.")


class Squareplus(ActivationSpec):
    """`(x + sqrt(x ** 2 + b)) / 2`."""

    b: NonNegativeFloat = Field(4.0, description="Smoothness around zero.")


class SparsePlus(ActivationSpec):
    """0 up to -1, `(x + 1) ** 2 / 4` up to 1, `x` above."""


class Threshold(ActivationSpec):
    """`x` above `threshold`, `default_value` elsewhere."""

    threshold: Float = Field(description="Value that an input must exceed to be kept.")
    default_value: Float = Field(description="Output for inputs that are not kept.")


class Tanh(ActivationSpec):
    """Hyperbolic tangent."""

    kept = 0
    kept_by_xla = 0


class HardTanh(ActivationSpec):
    """`x`, kept between -1 and 1."""


class TanhShrink(ActivationSpec):
    """`x - tanh(x)`."""


class Silu(ActivationSpec):
    """`x * sigmoid(x)`, also called swish."""

    kept = 1
    kept_by_xla = 2


class HardSilu(ActivationSpec):
    """`x * hard_sigmoid(x)`, also called hard swish."""


class Mish(ActivationSpec):
    """`x * tanh(softplus(x))`."""


class Exponential(ActivationSpec):
    """`exp(x)`."""

    kept = 0
    kept_by_xla = 0


class Linear(ActivationSpec):
    """`x` as it is."""

    kept = 0
    kept_by_xla = 0
