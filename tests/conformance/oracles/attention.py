"""What Keras computes for the layers of `spec/layers/attention.py`, `grouped_attention.py` and `dot_attention.py`."""

from __future__ import annotations

from typing import Any

import keras
from oracles.turning import TurnedAttention


class Attending(keras.layers.Layer):
    """Keras's layer with both ports of ours; it is told at each call that it is to give the scores, and whether it is causal."""

    def __init__(self, inner: Any, causal: bool, heads: int | None) -> None:
        super().__init__()
        self.inner, self.causal, self.heads = inner, causal, heads

    def call(self, query: Any, value: Any, key: Any = None, training: Any = None) -> Any:
        inputs = [query, value] if key is None else [query, value, key]
        options = {"return_attention_scores": True, "use_causal_mask": self.causal, "training": training}
        return self.inner(inputs, **options) if self.heads is None else self.inner(*inputs, **options)

    def compute_output_shape(self, query: Any, value: Any, key: Any = None) -> Any:
        if self.heads is None:
            return [self.inner.compute_output_shape([query, value]), (*query[:2], value[1])]
        given = self.inner.compute_output_shape(query, value, key)
        return [given, (query[0], self.heads, query[1], value[1])]


def _in_heads(name: str, arguments: dict[str, Any]) -> Any:
    causal = arguments.pop("use_causal_mask")
    arguments.pop("output_initializer")  # all weights are copied
    heads = arguments["num_heads" if name == "MultiHeadAttention" else "num_query_heads"]
    if "output_dim" in arguments:
        arguments["output_shape"] = arguments.pop("output_dim")
    rotary = arguments.pop("rotary", None)
    if rotary is not None:
        return Attending(TurnedAttention(rotary, **arguments), causal, heads)
    theirs = keras.layers.MultiHeadAttention if name == "MultiHeadAttention" else keras.layers.GroupQueryAttention
    return Attending(theirs(**arguments), causal, heads)


def _plain(name: str, arguments: dict[str, Any]) -> Any:
    causal = arguments.pop("use_causal_mask")
    return Attending(getattr(keras.layers, name)(**arguments), causal, None)


def _weight_name(variable: Any) -> str:
    """The layers inside of Keras's are parts of our names."""
    *_, part, name = variable.path.split("/")
    return f"{part.removeprefix('attention_')}_{name}"


ORACLES = {
    "MultiHeadAttention": _in_heads,
    "GroupedQueryAttention": _in_heads,
    "Attention": _plain,
    "AdditiveAttention": _plain,
}
WEIGHT_NAMES = {"MultiHeadAttention": _weight_name, "GroupedQueryAttention": _weight_name}
OWN_PARAMETERS = {
    "MultiHeadAttention": {"output_dim", "use_causal_mask", "output_initializer"},
    "GroupedQueryAttention": {"use_causal_mask", "output_initializer", "rotary"},
    "Attention": {"use_causal_mask"},
    "AdditiveAttention": {"use_causal_mask"},
}
