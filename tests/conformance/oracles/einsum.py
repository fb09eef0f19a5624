"""What Keras computes for the layers of `spec/layers/einsum.py`."""

from __future__ import annotations

from typing import Any

import keras


def _einsum(_: str, arguments: dict[str, Any]) -> Any:
    return keras.layers.EinsumDense(output_shape=arguments.pop("output_dim"), **arguments)


ORACLES = {"EinsumDense": _einsum}
OWN_PARAMETERS = {"EinsumDense": {"output_dim"}}
