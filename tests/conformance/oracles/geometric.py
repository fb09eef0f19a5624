"""What Keras computes for the layers of `spec/layers/geometric.py`."""

from __future__ import annotations

from typing import Any

import keras


def _crop(_: str, arguments: dict[str, Any]) -> Any:
    """What Keras says that its RandomCrop does where nothing is drawn; it leaves images alone there (3.15)."""
    return keras.layers.Resizing(**arguments, crop_to_aspect_ratio=True)


ORACLES = {"RandomCrop": _crop}
