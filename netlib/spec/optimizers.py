"""Optimizers, by the names and with the parameters that Keras gives them.

What Keras's optimizers also do, and the training loop does here, is refused with the name of our key.
"""

from __future__ import annotations

from math import prod
from typing import ClassVar

from pydantic import Field

from netlib.spec.base import Spec
from netlib.spec.learning_rate import Rate
from netlib.spec.types import Float, Fraction, NonNegativeFloat, PositiveFloat

AVERAGES = "averages of the weights belong to the training loop, which does not keep them yet"
REFUSED = {
    "clipnorm": "clipping belongs to the training loop, use 'train.clip.norm'",
    "clipvalue": "clipping belongs to the training loop, use 'train.clip.value'",
    "global_clipnorm": "clipping belongs to the training loop, use 'train.clip.global_norm'",
    "gradient_accumulation_steps": "accumulation belongs to the training loop, use 'train.accumulate'",
    "use_ema": AVERAGES,
    "ema_momentum": AVERAGES,
    "ema_overwrite_frequency": AVERAGES,
    "loss_scale_factor": "the training loop scales the loss by itself where anything computes in float16, as"
    " 'train.precision' or a node's 'dtype' says",
    "name": "an optimizer has no name here",
}
RATE = "Learning rate: a number, or a schedule such as {CosineDecay: {...}}."
DECAY = "Share of each weight (times the learning rate) that every update takes away; none if null."
FIRST = "Decay of the mean of gradients."
SECOND = "Decay of the mean of squared gradients."
EPSILON = "Small number that keeps divisions finite."


class OptimizerSpec(Spec):
    """Base of all optimizers."""

    kind = "optimizer"
    shorthand = "learning_rate"
    refused: ClassVar[dict[str, str]] = REFUSED
    learning_rate: Rate = Field(0.001, description=RATE)
    weight_decay: NonNegativeFloat | None = Field(None, description=DECAY)

    @property
    def copies(self) -> int:
        """How many numbers it keeps for each trained one; 0 for plain descent."""
        return 1

    def slots(self, shape: tuple[int, ...]) -> int:
        """How many numbers it keeps for a weight of that shape."""
        return self.copies * prod(shape)


class SGD(OptimizerSpec):
    """Gradient descent, with momentum if it is given."""

    learning_rate: Rate = Field(0.01, description=RATE)
    momentum: NonNegativeFloat = Field(0.0, le=1, description="Share of the last update that is kept in the next.")
    nesterov: bool = Field(False, description="Whether momentum looks ahead (Nesterov, 1983).")

    @property
    def copies(self) -> int:
        """The momentum, if there is one."""
        return int(self.momentum > 0)


class _Moments(OptimizerSpec):
    beta_1: Fraction = Field(0.9, description=FIRST)
    beta_2: Fraction = Field(0.999, description=SECOND)
    epsilon: NonNegativeFloat = Field(1e-7, description=EPSILON)

    @property
    def copies(self) -> int:
        """The two means."""
        return 2


class Adam(_Moments):
    """Steps scaled by running means of gradients and their squares (Kingma and Ba, 2014)."""

    amsgrad: bool = Field(False, description="Whether the mean of squares never falls (Reddi et al., 2018).")

    @property
    def copies(self) -> int:
        """The two means, and the largest of the second."""
        return 2 + self.amsgrad


class AdamW(Adam):
    """Adam with decay of the weights themselves (Loshchilov and Hutter, 2017)."""

    weight_decay: NonNegativeFloat = Field(
        0.004, description="Share of each weight (times the learning rate) taken away."
    )


class Adamax(_Moments):
    """Adam with the largest gradient in place of the mean of squares (Kingma and Ba, 2014)."""


class Nadam(_Moments):
    """Adam with Nesterov momentum (Dozat, 2016)."""


class Lamb(_Moments):
    """Adam whose step is scaled to each weight's norm, for large batches (You et al., 2019)."""


class RMSprop(OptimizerSpec):
    """Steps scaled by a running mean of squared gradients (Hinton, 2012)."""

    rho: Fraction = Field(0.9, description=SECOND)
    momentum: NonNegativeFloat = Field(0.0, le=1, description="Share of the last update that is kept in the next.")
    epsilon: NonNegativeFloat = Field(1e-7, description=EPSILON)
    centered: bool = Field(False, description="Whether to scale by the variance in place of the mean of squares.")

    @property
    def copies(self) -> int:
        """The mean of squares, the momentum and the mean of gradients, where they are used."""
        return 1 + (self.momentum > 0) + self.centered


class Adagrad(OptimizerSpec):
    """Steps scaled by the sum of all squared gradients (Duchi et al., 2011)."""

    initial_accumulator_value: NonNegativeFloat = Field(0.1, description="Where the sum begins.")
    epsilon: NonNegativeFloat = Field(1e-7, description=EPSILON)


class Adadelta(OptimizerSpec):
    """Steps scaled by running means of squared gradients and squared updates (Zeiler, 2012)."""

    rho: Fraction = Field(0.95, description="Decay of both means.")
    epsilon: NonNegativeFloat = Field(1e-7, description=EPSILON)

    @property
    def copies(self) -> int:
        """The two means."""
        return 2


class Ftrl(OptimizerSpec):
    """Follow the regularised leader (McMahan et al., 2013)."""

    learning_rate_power: Float = Field(-0.5, le=0, description="How the learning rate falls; 0 for a fixed one.")
    initial_accumulator_value: NonNegativeFloat = Field(0.1, description="Where the sum of squares begins.")
    l1_regularization_strength: NonNegativeFloat = Field(0.0, description="Penalty on absolute values.")
    l2_regularization_strength: NonNegativeFloat = Field(0.0, description="Penalty on squares.")
    l2_shrinkage_regularization_strength: NonNegativeFloat = Field(
        0.0, description="Penalty on squares, in the gradient."
    )
    beta: NonNegativeFloat = Field(0.0, description="Beta of the paper.")

    @property
    def copies(self) -> int:
        """The sum of squares, and the linear term."""
        return 2


class Lion(OptimizerSpec):
    """Steps of one size in the direction of the mean gradient's sign (Chen et al., 2023)."""

    beta_1: PositiveFloat = Field(0.9, le=1, description="Share of the mean in the step's direction.")
    beta_2: Fraction = Field(0.99, description=FIRST)


class Adafactor(OptimizerSpec):
    """Adam with row and column means in place of a mean for each weight (Shazeer and Stern, 2018)."""

    beta_2_decay: Float = Field(-0.8, le=0, description="Power of the step with which the means' decay approaches 1.")
    epsilon_1: NonNegativeFloat = Field(1e-30, description=EPSILON)
    epsilon_2: NonNegativeFloat = Field(1e-3, description="Least scale of a weight.")
    clip_threshold: PositiveFloat = Field(1.0, description="Greatest root mean square of an update.")
    relative_step: bool = Field(True, description="Whether the learning rate falls with the root of the steps.")

    def slots(self, shape: tuple[int, ...]) -> int:
        """A mean for each row and column; Keras makes one for each number too, whether it is used or not."""
        if len(shape) < 2:
            return 2 + prod(shape)
        return prod(shape[:-1]) + prod(shape[:-2]) * shape[-1] + prod(shape)
