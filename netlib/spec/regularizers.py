"""Penalties on weights, added to the loss, by the names and with the parameters that Keras gives them."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from netlib.spec.base import Spec
from netlib.spec.initializers import rank_objection
from netlib.spec.tensors import Shape
from netlib.spec.types import NonNegativeFloat


class RegularizerSpec(Spec):
    """Base of all regularizers."""

    kind = "regularizer"
    ranks: ClassVar[tuple[int, int | None]] = (0, None)

    def objection(self, shape: Shape) -> str | None:
        """Why it cannot penalise a weight of that shape, if so."""
        return rank_objection(self, shape, *self.ranks)


class L1(RegularizerSpec):
    """Sum of absolute values."""

    shorthand = "l1"
    l1: NonNegativeFloat = Field(0.01, description="Factor on the sum of absolute values.")


class L2(RegularizerSpec):
    """Sum of squares."""

    shorthand = "l2"
    l2: NonNegativeFloat = Field(0.01, description="Factor on the sum of squares.")


class L1L2(RegularizerSpec):
    """Sum of absolute values and sum of squares."""

    l1: NonNegativeFloat = Field(0.0, description="Factor on the sum of absolute values.")
    l2: NonNegativeFloat = Field(0.0, description="Factor on the sum of squares.")


class OrthogonalRegularizer(RegularizerSpec):
    """Draws the rows, or the columns, of a matrix towards right angles."""

    ranks = (2, 2)
    factor: NonNegativeFloat = Field(0.01, description="Factor on the penalty.")
    mode: Literal["rows", "columns"] = Field("rows", description="What is to be orthogonal.")
