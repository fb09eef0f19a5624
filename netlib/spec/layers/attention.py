"""Layers that weigh the places of a sequence in several heads, each with projections of its own: MultiHeadAttention."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from netlib.spec.layer import LayerSpec
from netlib.spec.layers.attending import HeadsSpec
from netlib.spec.tensors import Shape
from netlib.spec.types import PositiveInt

NOT_OF_HEADS = {
    "sliding_window": "it attends to all places; give it a mask where it shall not",
    "flash_attention": "the device's compiler decides how it is computed",
    "use_gate": "multiply its output by a Dense with activation: sigmoid",
}
"""What Keras's layers with heads have besides, and what to do instead."""


class _Sizes(LayerSpec):
    """The first parameters: fields stand in the order of the bases from the last to the first, which is Keras's."""

    num_heads: PositiveInt = Field(description="Number of heads.")
    key_dim: PositiveInt = Field(description="Length of each head's queries and keys.")
    value_dim: PositiveInt | None = Field(None, description="Length of each head's values; key_dim if null.")


class MultiHeadAttention(HeadsSpec, _Sizes):
    """`softmax(query @ key / sqrt(key_dim)) @ value` in several heads, each with projections of its own; the results projected.

    Each place of the query (batch, time, features) gets a mean of the places of the value (batch, other time, features), weighed
    by how well the key at that place answers it; the key is the value unless it is given. Places that a mask leaves out are not
    weighed. Vaswani and others, *Attention is all you need*, 2017.
    """

    refused: ClassVar[dict[str, str]] = {
        **LayerSpec.refused,
        **NOT_OF_HEADS,
        "output_shape": "write output_dim, the length of the output's last axis",
        "attention_axes": "it attends along the axis after the batch; Reshape to one such axis",
    }
    output_dim: PositiveInt | None = Field(None, description="Length of the output's last axis; the query's if null.")

    @property
    def heads(self) -> dict[str, tuple[int, int]]:
        """As many of each, those of the value of another length."""
        keys = (self.num_heads, self.key_dim)
        return {"query": keys, "key": keys, "value": (self.num_heads, self.value_dim or self.key_dim)}

    def output_length(self, query: Shape) -> int:
        """output_dim, or the query's features."""
        return self.output_dim or super().output_length(query)
