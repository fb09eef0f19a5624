"""The blocks of a transformer, composed of attention and dense layers: TransformerEncoderBlock, TransformerDecoderBlock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from netlib.spec.choice import Activation
from netlib.spec.errors import SpecError
from netlib.spec.layer import need_axis, need_rank
from netlib.spec.layers.composed import ComposedSpec, InnerWeights
from netlib.spec.tensors import Shape, show
from netlib.spec.types import Fraction, NonNegativeFloat, PositiveInt


class _Sublayers(ComposedSpec):
    """Sublayers, each with its input added to what it gives, and a LayerNormalization in front of it or behind the sum."""

    intermediate_dim: PositiveInt = Field(
        description="Length of the first dense layer's output, as 4 times the features."
    )
    num_heads: PositiveInt = Field(description="Heads of the attention; divides the features.")
    dropout: Fraction = Field(
        0.0, description="Rate of the dropout behind each sublayer, and on the attention's weights."
    )
    activation: Activation = Field("relu", validate_default=True, description="Function between the two dense layers.")
    layer_norm_epsilon: NonNegativeFloat = Field(1e-5, description="epsilon of the layer normalisations.")
    normalize_first: bool = Field(
        False,
        description="Whether the normalisation stands in front of each sublayer (as in GPT-2, ViT), not behind it.",
    )

    def _head_size(self, shape: Shape) -> int:
        """Features of each head."""
        need_rank(self, shape, 3, "(batch, time, features)")
        features = need_axis(self, shape)
        if features % self.num_heads:
            raise SpecError(
                f"{self.type_name()}'s num_heads (= {self.num_heads}) must divide the features (= {features}) of its"
                f" input {show(shape)}"
            )
        return features // self.num_heads

    def _added(self, name: str, start: str, sublayer: list[Any]) -> list[Any]:
        """A sublayer between the node `start` and the last one here, which is their sum, normalised or not: its first node reads
        what `_read` says."""
        norm = {"LayerNormalization": {"epsilon": self.layer_norm_epsilon}, "name": f"{name}_norm"}
        drop = [{"Dropout": self.dropout, "name": f"{name}_dropout"}] if self.dropout else []
        total = {"Add": None, "name": f"{name}_sum", "from": ["previous", start]}
        if self.normalize_first:
            return [{**norm, "from": start}, *sublayer, *drop, total]
        return [*sublayer, *drop, total, norm]

    def _read(self, name: str, start: str) -> str:
        """What a sublayer reads behind the node `start`."""
        return f"{name}_norm" if self.normalize_first else start

    def _end(self, name: str) -> str:
        """The last node of what `_added` gives."""
        return f"{name}_sum" if self.normalize_first else f"{name}_norm"


class _TransformerBlock(InnerWeights, _Sublayers):
    """The sublayers, of attention and of dense layers."""

    def _attention(self, name: str, start: str, key_dim: int, *, value: str = "", causal: bool = False) -> list[Any]:
        """Attention to itself, or to the node `value`."""
        parameters = {
            "num_heads": self.num_heads,
            "key_dim": key_dim,
            "dropout": self.dropout,
            "use_causal_mask": causal,
            **self.handed_on,
        }
        query = self._read(name, start)
        layer = {"MultiHeadAttention": parameters, "name": name, "from": {"query": query, "value": value or query}}
        return self._added(name, start, [layer])

    def _feed_forward(self, start: str, features: int) -> list[Any]:
        name = "feed_forward"
        wide = {"units": self.intermediate_dim, "activation": self.to_plain()["activation"], **self.handed_on}
        layers = [
            {"Dense": wide, "name": "intermediate", "from": self._read(name, start)},
            {"Dense": {"units": features, **self.handed_on}, "name": name},
        ]
        return self._added(name, start, layers)


class TransformerEncoderBlock(_TransformerBlock):
    """Attention of each place of a sequence (batch, time, features) to all places, then two dense layers for each place.

    Both have their input added, and are normalised. Vaswani and others, *Attention is all you need*, 2017.
    """

    use_causal_mask: bool = Field(
        False, description="Whether each place sees itself and the places before it alone, as in GPT."
    )

    def nodes(self, given: Mapping[str, Shape]) -> list[Any]:
        """`attention`, `intermediate` and `feed_forward` have the weights, `_norm` behind a name those of its normalisation."""
        size = self._head_size(given["input"])
        attention = self._attention("attention", "input", size, causal=self.use_causal_mask)
        return [*attention, *self._feed_forward(self._end("attention"), size * self.num_heads)]


class TransformerDecoderBlock(_TransformerBlock):
    """Attention of each place of a sequence (batch, time, features) to its past, then to a memory, then two dense layers.

    The memory (batch, other time, other features) may be left out. Each sublayer has its input added, and is normalised. Vaswani
    and others, *Attention is all you need*, 2017.
    """

    inputs = ("sequence",)
    optional_inputs = ("memory",)

    def nodes(self, given: Mapping[str, Shape]) -> list[Any]:
        """As those of the encoder, and `cross_attention`."""
        size = self._head_size(given["sequence"])
        found, last = self._attention("attention", "sequence", size, causal=True), "attention"
        if "memory" in given:
            found += self._attention("cross_attention", self._end(last), size, value="memory")
            last = "cross_attention"
        return [*found, *self._feed_forward(self._end(last), size * self.num_heads)]
