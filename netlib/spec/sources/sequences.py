"""Generated sequences of tokens, of different lengths and padded."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from netlib.spec.features import DataSignature, Feature, labels
from netlib.spec.sources.generated import BalancedSpec
from netlib.spec.tensors import TensorSpec
from netlib.spec.types import PositiveInt

PADDING, MARKERS, FIRST_WORD = 0, (1, 2), 3
"""The token that pads, those that are counted, and the first of the others."""

Length = Annotated[PositiveInt, Field(le=100_000)]


class Sequences(BalancedSpec):
    """Sequences of `tokens`, padded with 0 at the end; `label` is 0 where token 1 occurs more often, 1 where token 2 does.

    One of the two always does. The other tokens say nothing.
    """

    length: Length = Field(20, description="Places of a sequence, the padding included.")
    min_length: Length = Field(5, description="Fewest tokens of a sequence; each has between this and `length`.")
    vocabulary: Annotated[PositiveInt, Field(ge=4, le=1_000_000)] = Field(
        50, description="Number of different tokens: the padding, the two that are counted, and the rest."
    )

    def signature(self) -> DataSignature:
        """`tokens` and `label`."""
        tensor = TensorSpec((None, self.length), "int32")
        tokens = Feature(tensor, self.vocabulary, minimum=0, maximum=self.vocabulary - 1)
        return DataSignature({"tokens": tokens}, {"label": labels(2)}, self.samples)

    @model_validator(mode="after")
    def _lengths_in_order(self) -> Self:
        if self.min_length > self.length:
            raise ValueError(f"min_length (={self.min_length}) must not be greater than length (={self.length})")
        return self
