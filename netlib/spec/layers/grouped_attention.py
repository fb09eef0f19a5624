"""Attention in which several heads of the query share one of key and value: GroupedQueryAttention."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import Field, model_validator

from netlib.spec.base import Spec
from netlib.spec.layer import LayerSpec
from netlib.spec.layers.attending import HeadsSpec
from netlib.spec.layers.attention import NOT_OF_HEADS
from netlib.spec.types import PositiveFloat, PositiveInt


class Rotary(Spec):
    """How queries and keys are turned, as RotaryEmbedding does it."""

    max_wavelength: PositiveFloat = Field(10000.0, description="Base of the wavelengths: 2 pi times it is the longest.")
    scaling_factor: PositiveFloat = Field(
        1.0, description="What places are divided by, for sequences of other lengths."
    )


class _Sizes(LayerSpec):
    """The first parameters: fields stand in the order of the bases from the last to the first, which is Keras's."""

    head_dim: PositiveInt = Field(description="Length of each head's queries, keys and values.")
    num_query_heads: PositiveInt = Field(description="Number of heads of the query.")
    num_key_value_heads: PositiveInt = Field(
        description="Number of heads of key and value, each shared by as many of the query's; 1 is multi-query attention."
    )

    @model_validator(mode="after")
    def _heads_can_be_shared(self) -> Self:
        if self.num_query_heads % self.num_key_value_heads:
            raise ValueError(
                f"num_query_heads (= {self.num_query_heads}) must be divisible by num_key_value_heads"
                f" (= {self.num_key_value_heads})"
            )
        return self


class GroupedQueryAttention(HeadsSpec, _Sizes):
    """MultiHeadAttention with fewer heads of key and value than of the query: consecutive heads of the query share one.

    Ainslie and others, *GQA: Training Generalized Multi-Query Transformer Models*, 2023. With `rotary`, places are told by
    turning what the heads have of query and key, as in LLaMA.
    """

    refused: ClassVar[dict[str, str]] = {**LayerSpec.refused, **NOT_OF_HEADS}
    rotary: Rotary | None = Field(
        None,
        description="Turns the heads' queries and keys by their places (RotaryEmbedding): {max_wavelength: 10000}, or {} for"
        " the defaults; not at all if null.",
        examples=[{"max_wavelength": 10000.0}],
    )

    @model_validator(mode="after")
    def _pairs_can_be_turned(self) -> Self:
        if self.rotary is not None and self.head_dim % 2:
            raise ValueError(f"rotary turns pairs of features: head_dim (= {self.head_dim}) must be even")
        return self

    @property
    def heads(self) -> dict[str, tuple[int, int]]:
        """More of the query."""
        shared = (self.num_key_value_heads, self.head_dim)
        return {"query": (self.num_query_heads, self.head_dim), "key": shared, "value": shared}
