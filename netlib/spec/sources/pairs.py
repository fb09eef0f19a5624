"""Generated pairs: two inputs of one kind, and whether they are alike, as a Siamese network learns it."""

from __future__ import annotations

from pydantic import Field

from netlib.spec.features import DataSignature, numbers
from netlib.spec.sources.generated import Classes, Columns, GeneratedSpec
from netlib.spec.types import NonNegativeFloat


class Pairs(GeneratedSpec):
    """Two points, `left` and `right`, around class centres; `same` is 1 where both are of one class, as in half the pairs.

    `same` is a float32 column, `(batch, 1)`: the shape of a distance with `keepdims` and of a `Dense: 1`, so that a loss that
    computes with both does not broadcast.
    """

    classes: Classes = Field(5, description="Number of centres, drawn from the cube between -5 and 5.")
    features: Columns = Field(8, description="Number of coordinates.")
    noise: NonNegativeFloat = Field(
        1.0, description="Standard deviation of a point from its centre in every coordinate."
    )

    def signature(self) -> DataSignature:
        """`left`, `right` and `same`."""
        point = numbers(self.features)
        return DataSignature(
            {"left": point, "right": point}, {"same": numbers(1, minimum=0.0, maximum=1.0)}, self.samples
        )
