"""A generated table of customers, with an input for each column, as wide-and-deep networks read it."""

from __future__ import annotations

from pydantic import Field

from netlib.spec.features import DataSignature, labels, numbers
from netlib.spec.sources.generated import Classes, GeneratedSpec
from netlib.spec.types import NonNegativeFloat

AGES = (18.0, 80.0)
"""Years."""
INCOMES = (15.0, 240.0)
"""Thousands a year."""


class Customers(GeneratedSpec):
    """Customers by `age`, `income`, `city` and `job`, and whether each `buys`.

    That is a smooth function of the two numbers plus something for each crossing of a city with a job, up or down, that follows
    from neither alone and has to be memorised. Numbers are columns, `(batch, 1)`; categories are one integer a sample.
    """

    cities: Classes = Field(12, description="Number of cities.")
    jobs: Classes = Field(8, description="Number of jobs.")
    noise: NonNegativeFloat = Field(
        0.1, description="Standard deviation of what is added before the answer; a crossing counts 1 up or down."
    )

    def signature(self) -> DataSignature:
        """`age`, `income`, `city`, `job` and `buys`."""
        inputs = {
            "age": numbers(1, minimum=AGES[0], maximum=AGES[1]),
            "income": numbers(1, minimum=INCOMES[0], maximum=INCOMES[1]),
            "city": labels(self.cities),
            "job": labels(self.jobs),
        }
        return DataSignature(inputs, {"buys": labels(2, ("no", "yes"))}, self.samples)
