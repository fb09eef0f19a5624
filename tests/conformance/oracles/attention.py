"""What Keras computes for the layers of `spec/layers/attention.py`."""

from __future__ import annotations

from typing import Any

import keras


class CausalAttention(keras.layers.MultiHeadAttention):
    """Keras is told at each call that places see nothing behind them."""

    def call(self, query: Any, value: Any, key: Any = None, training: Any = None) -> Any:
        return super().call(query, value, key, training=training, use_causal_mask=True)


def _attention(_: str, arguments: dict[str, Any]) -> Any:
    causal, length = arguments.pop("use_causal_mask"), arguments.pop("output_dim")
    return (CausalAttention if causal else keras.layers.MultiHeadAttention)(**arguments, output_shape=length)


def _weight_name(variable: Any) -> str:
    """The layers inside of Keras's are parts of our names."""
    *_, part, name = variable.path.split("/")
    return f"{part.removeprefix('attention_')}_{name}"


ORACLES = {"MultiHeadAttention": _attention}
WEIGHT_NAMES = {"MultiHeadAttention": _weight_name}
OWN_PARAMETERS = {"MultiHeadAttention": {"output_dim", "use_causal_mask"}}
