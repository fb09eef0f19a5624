"""The layer that penalises what it reads: ActivityRegularization."""

from __future__ import annotations

from pydantic import Field

from netlib.spec.layer import LayerSpec
from netlib.spec.tensors import Shape
from netlib.spec.types import NonNegativeFloat


class ActivityRegularization(LayerSpec):
    """Gives its input as it is, and adds `l1 * sum(abs(x)) + l2 * sum(x ** 2)` of a sample, in the mean over the batch, to the
    loss: in training and in evaluation. With `AddLoss` any other penalty can be added."""

    in_place = True
    supports_masking = True
    adds_loss = True
    keeps_output = False
    l1: NonNegativeFloat = Field(0.0, description="Factor on the sum of the absolute values.")
    l2: NonNegativeFloat = Field(0.0, description="Factor on the sum of the squares.")

    def output_shape(self, shape: Shape) -> Shape:
        """The input's."""
        return shape
