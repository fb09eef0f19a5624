"""Layers that weigh the places of a sequence as they are, without projections: Attention, AdditiveAttention."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from netlib.spec.choice import parse_choice
from netlib.spec.errors import SpecError
from netlib.spec.initializers import Ones
from netlib.spec.layer import Weight, need_axis
from netlib.spec.layers.attending import Attended, AttendingSpec, drops_weights, may_be_causal
from netlib.spec.tensors import Shape, known_product, show
from netlib.spec.types import Fraction


class _PlainAttention(AttendingSpec):
    """Base of those that compare query and key as they are."""

    def attended(self, query: Shape, value: Shape, key: Shape | None = None) -> Attended:
        """The shapes by name.

        Raises:
            SpecError: they are not three sequences of which value and key have the same places, query and key the same features.
        """
        given = super().attended(query, value, key)
        if query[-1] != given.key[-1]:
            raise SpecError(
                f"{self.type_name()} compares the query with the key as they are, so both need as many features, got a query"
                f" {show(query)} and a key {show(given.key)}; put a Dense in front of one, or use MultiHeadAttention"
            )
        return given

    def output_shape(self, query: Shape, value: Shape, key: Shape | None = None) -> dict[str, Shape]:
        """`output` (batch, the query's time, the value's features); `scores`, the weights before dropout (batch, the query's
        time, the value's time)."""
        places = self.attended(query, value, key).places
        return {
            "output": (query[0], query[1], need_axis(self, value)),
            "scores": (query[0], places["query"], places["key"]),
        }

    def _pairs(self, given: Attended, times: int) -> int | None:
        """So many for each place of the query with each of the value."""
        return known_product((given.places["query"], given.places["key"], times))


class Attention(_PlainAttention):
    """`softmax(query @ key) @ value`: each place of the query gets a mean of the places of the value, weighed by its product with
    the key, or by the sum of `tanh(query + key)`. Luong and others, *Effective Approaches to Attention-based Neural Machine
    Translation*, 2015."""

    use_scale: bool = Field(
        False,
        description="Whether a trained factor is applied: to the products (dot), or to the sums in the tanh (concat).",
    )
    score_mode: Literal["dot", "concat"] = Field(
        "dot",
        description="dot: the product of query and key; concat: a trained factor times the sum over tanh(query + key).",
    )
    dropout: Fraction = drops_weights()
    use_causal_mask: bool = may_be_causal()

    def weights(self, query: Shape, value: Shape, key: Shape | None = None) -> list[Weight]:
        """`scale` where it is used, and with concat `concat_score_weight`, a number each."""
        used = {"scale": self.use_scale, "concat_score_weight": self.score_mode == "concat"}
        return [Weight(name, (), Ones()) for name, is_used in used.items() if is_used]

    def macs(self, query: Shape, value: Shape, key: Shape | None = None) -> int | None:
        """Those of each query with each key, where that is a product, and of the weights with the values."""
        given = self.attended(query, value, key)
        compared = need_axis(self, query) if self.score_mode == "dot" else 0
        return self._pairs(given, compared + need_axis(self, value))

    def kept(self, query: Shape, value: Shape, key: Shape | None = None) -> int | None:
        """With concat, the tanh of each pair; with dropout, the weights that stay and what was drawn; with a scale, what it is
        applied to."""
        given = self.attended(query, value, key)
        of_pair = need_axis(self, query) * (1 + self.use_scale) if self.score_mode == "concat" else self.use_scale
        return self._pairs(given, of_pair + 2 * bool(self.dropout))


class AdditiveAttention(_PlainAttention):
    """`softmax(sum(scale * tanh(query + key))) @ value`: each place of the query gets a mean of the places of the value, weighed
    by a sum over the features of both. Bahdanau and others, *Neural Machine Translation by Jointly Learning to Align and
    Translate*, 2015."""

    use_scale: bool = Field(True, description="Whether each feature of the sum has a trained factor.")
    dropout: Fraction = drops_weights()
    use_causal_mask: bool = may_be_causal()

    def weights(self, query: Shape, value: Shape, key: Shape | None = None) -> list[Weight]:
        """`scale` (features), where it is used."""
        length = need_axis(self, query)
        return [Weight("scale", (length,), parse_choice("initializer", "glorot_uniform"))] if self.use_scale else []

    def macs(self, query: Shape, value: Shape, key: Shape | None = None) -> int | None:
        """Those of the scale with each pair of places, and of the weights with the values."""
        given = self.attended(query, value, key)
        return self._pairs(given, need_axis(self, query) * self.use_scale + need_axis(self, value))

    def kept(self, query: Shape, value: Shape, key: Shape | None = None) -> int | None:
        """The tanh of each pair, and its product with the scale; with dropout, the weights that stay and what was drawn."""
        given = self.attended(query, value, key)
        return self._pairs(given, need_axis(self, query) * (1 + self.use_scale) + 2 * bool(self.dropout))
