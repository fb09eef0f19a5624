"""Layers for the end of a residual branch, before it is added: StochasticDepth, LayerScale."""

from __future__ import annotations

from pydantic import Field

from netlib.spec.choice import Constraint, Regularizer
from netlib.spec.fields import limited, penalised
from netlib.spec.initializers import Constant
from netlib.spec.layer import LayerSpec, Weight, need_axis
from netlib.spec.tensors import Shape
from netlib.spec.types import Float, Fraction


class StochasticDepth(LayerSpec):
    """In training, makes all values of a share of the samples zero, and multiplies the other samples by `1 / (1 - rate)`: at the
    end of a residual branch, each sample skips the branch or not.

    Huang and others, *Deep networks with stochastic depth*, 2016.
    """

    keeps_input = False
    keeps_output = False
    supports_masking = True
    shorthand = "rate"
    random = True
    rate: Fraction = Field(description="Probability that a sample is dropped.")

    def kept(self, shape: Shape) -> int:
        """What was drawn."""
        return 1

    def output_shape(self, shape: Shape) -> Shape:
        """The input's."""
        return shape


class LayerScale(LayerSpec):
    """`input * gamma`, with a trained factor for each channel that begins near zero, so that a deep network begins near the
    identity.

    Touvron and others, *Going deeper with image transformers*, 2021.
    """

    keeps_output = False
    supports_masking = True
    shorthand = "initial_value"
    initial_value: Float = Field(1e-5, description="What every factor begins as.")
    gamma_regularizer: Regularizer = penalised("factor")
    gamma_constraint: Constraint = limited("factor")

    @property
    def gamma_initializer(self) -> Constant:
        """How the factor begins."""
        return Constant(value=self.initial_value)

    def output_shape(self, shape: Shape) -> Shape:
        """The input's."""
        self.weights(shape)
        return shape

    def weights(self, shape: Shape) -> list[Weight]:
        """`gamma` (channels)."""
        return [self.weight("gamma", need_axis(self, shape))]
