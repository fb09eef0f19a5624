"""Keras layers with explicit padding: a layer of its own puts it around."""

from __future__ import annotations

from typing import Any

import keras


def namesake(name: str, arguments: dict[str, Any]) -> Any:
    """Keras's layer of that name."""
    return getattr(keras.layers, name)(**arguments)


def padded_first(name: str, arguments: dict[str, Any]) -> Any:
    """Explicit padding is put around by a layer of its own."""
    sides = arguments["padding"]
    if isinstance(sides, str):
        return namesake(name, arguments)
    return keras.Sequential([zeros_around(sides), namesake(name, {**arguments, "padding": "valid"})])


def zeros_around(sides: Any) -> Any:
    """Keras's layer that puts zeros before and behind one, two or three axes."""
    layer = getattr(keras.layers, f"ZeroPadding{len(sides)}D")
    return layer(sides[0] if len(sides) == 1 else sides)
