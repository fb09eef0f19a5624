"""Layers that weigh the places of a sequence by how well they answer: MultiHeadAttention."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from netlib.spec.choice import Constraint, Initializer, Regularizer
from netlib.spec.errors import SpecError
from netlib.spec.fields import biased, limited, penalised, starts_as
from netlib.spec.layer import LayerSpec, Weight, need_axis, need_rank
from netlib.spec.tensors import Shape, known_product, show
from netlib.spec.types import Fraction, PositiveInt


class MultiHeadAttention(LayerSpec):
    """`softmax(query @ key / sqrt(key_dim)) @ value` in several heads, each with projections of its own; the results projected.

    Each place of the query (batch, time, features) gets a mean of the places of the value (batch, other time, features), weighed
    by how well the key at that place answers it; the key is the value unless it is given. Places that a mask leaves out are not
    weighed. Vaswani and others, *Attention is all you need*, 2017.
    """

    inputs = ("query", "value")
    optional_inputs = ("key",)
    random = True
    supports_masking = True
    uses_mask = True
    refused: ClassVar[dict[str, str]] = {
        **LayerSpec.refused,
        "output_shape": "write output_dim, the length of the output's last axis",
        "attention_axes": "it attends along the axis after the batch; Reshape to one such axis",
        "sliding_window": "it attends to all places; give it a mask where it shall not",
        "flash_attention": "the device's compiler decides how it is computed",
        "use_gate": "multiply its output by a Dense with activation: sigmoid",
    }
    num_heads: PositiveInt = Field(description="Number of heads.")
    key_dim: PositiveInt = Field(description="Length of each head's queries and keys.")
    value_dim: PositiveInt | None = Field(None, description="Length of each head's values; key_dim if null.")
    dropout: Fraction = Field(0.0, description="Probability that a weight of a place is made zero in training.")
    use_bias: bool = biased()
    output_dim: PositiveInt | None = Field(None, description="Length of the output's last axis; the query's if null.")
    use_causal_mask: bool = Field(False, description="Whether each place sees itself and the places before it alone.")
    kernel_initializer: Initializer = starts_as("glorot_uniform", "kernels")
    bias_initializer: Initializer = starts_as("zeros", "biases")
    kernel_regularizer: Regularizer = penalised("kernels")
    bias_regularizer: Regularizer = penalised("biases")
    kernel_constraint: Constraint = limited("kernels")
    bias_constraint: Constraint = limited("biases")

    @property
    def head_sizes(self) -> dict[str, int]:
        """Length of what each head makes of query, key and value."""
        return {"query": self.key_dim, "key": self.key_dim, "value": self.value_dim or self.key_dim}

    def output_shape(self, query: Shape, value: Shape, key: Shape | None = None) -> Shape:
        """(batch, the query's time, output_dim)."""
        given = self._by_name(query, value, key)
        for name in self.head_sizes:
            need_rank(self, given[name], 3, "(batch, time, features)")
        if None not in (value[1], given["key"][1]) and value[1] != given["key"][1]:
            raise SpecError(
                f"MultiHeadAttention needs a key for each place of the value, got a value {show(value)} and a key"
                f" {show(given['key'])}"
            )
        return (query[0], query[1], self.output_dim or need_axis(self, query))

    def weights(self, query: Shape, value: Shape, key: Shape | None = None) -> list[Weight]:
        """`query_kernel`, `key_kernel`, `value_kernel` (features, heads, size of a head) and `output_kernel` (heads, size of a
        head, output), each with a bias."""
        given = self._by_name(query, value, key)
        made = []
        for name, size in self.head_sizes.items():
            made += self._projection(name, (need_axis(self, given[name]), self.num_heads, size), (self.num_heads, size))
        length = self.output_shape(query, value, key)[-1] or 0
        return made + self._projection("output", (self.num_heads, self.head_sizes["value"], length), (length,))

    def macs(self, query: Shape, value: Shape, key: Shape | None = None) -> int | None:
        """Those of the four projections, of each query with each key, and of the weights with the values."""
        asked, answered = query[1], value[1] if value[1] is not None else self._by_name(query, value, key)["key"][1]
        places = {"query": asked, "key": answered, "value": answered, "output": asked}
        kernels = [weight for weight in self.weights(query, value, key) if weight.name.endswith("_kernel")]
        parts = [known_product((places[weight.name.removesuffix("_kernel")], *weight.shape)) for weight in kernels]
        sizes = self.head_sizes["key"] + self.head_sizes["value"]
        parts.append(known_product((asked, answered, self.num_heads, sizes)))
        known = [part for part in parts if part is not None]
        return sum(known) if len(known) == len(parts) else None

    def _projection(self, name: str, kernel: tuple[int, ...], bias: tuple[int, ...]) -> list[Weight]:
        kinds = {"kernel": kernel, "bias": bias} if self.use_bias else {"kernel": kernel}
        return [
            Weight(
                f"{name}_{kind}",
                shape,
                getattr(self, f"{kind}_initializer"),
                getattr(self, f"{kind}_regularizer"),
                getattr(self, f"{kind}_constraint"),
            )
            for kind, shape in kinds.items()
        ]

    def _by_name(self, query: Shape, value: Shape, key: Shape | None) -> dict[str, Shape]:
        return {"query": query, "key": value if key is None else key, "value": value}
