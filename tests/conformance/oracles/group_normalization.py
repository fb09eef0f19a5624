"""What Keras computes for the layers of `spec/layers/group_normalization.py`."""

from __future__ import annotations

from typing import Any

import keras


def _instance(_: str, arguments: dict[str, Any]) -> Any:
    """Keras has it as a group for each channel."""
    return keras.layers.GroupNormalization(groups=-1, **arguments)


ORACLES = {"InstanceNormalization": _instance}
