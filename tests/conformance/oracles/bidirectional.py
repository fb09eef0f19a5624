"""What Keras computes for `spec/layers/bidirectional.py`."""

from __future__ import annotations

from typing import Any

import keras


def _bidirectional(_: str, arguments: dict[str, Any]) -> Any:
    return keras.layers.Bidirectional(**arguments)


def _weight_name(variable: Any) -> str:
    """Keras calls the layer inside that goes forwards `forward_lstm`."""
    is_forward = any(part.startswith("forward_") for part in variable.path.split("/"))
    return f"{'forward' if is_forward else 'backward'}.{variable.name}"


ORACLES = {"Bidirectional": _bidirectional}
WEIGHT_NAMES = {"Bidirectional": _weight_name}
