"""Counterparts of layers that move a window over their input, with explicit padding: Keras puts that around by itself."""

from __future__ import annotations

from typing import Any

import keras

from netlib.nn.keras_twin.counterpart import Counterpart, Given
from netlib.nn.keras_twin.obstacles import NoCounterpart


class PaddedWithZeros(Counterpart):
    """A ZeroPadding in front, where the padding is explicit."""

    padding: Any = None

    def make(self, arguments: dict[str, Any]) -> Any:
        """The layer that has the weights."""
        sides = arguments["padding"]
        if isinstance(sides, str):
            return super().make(arguments)
        kind = getattr(keras.layers, f"ZeroPadding{len(sides)}D")
        own = sides[0] if len(sides) == 1 else sides
        self.padding = kind(own, name=f"{self.place.path}.padding", dtype=self.place.dtype)
        return super().make({**arguments, "padding": "valid"})

    def call(self, given: Given) -> Any:
        """One tensor."""
        (tensor,) = given.tensors
        return self.made(tensor if self.padding is None else self.padding(tensor), **given.options)


class AveragePooling(PaddedWithZeros):
    """Zeros in front, which count."""

    own = frozenset({"count_padding"})

    def make(self, arguments: dict[str, Any]) -> Any:
        """The layer."""
        if not isinstance(arguments["padding"], str) and not self.spec.count_padding:
            raise NoCounterpart("Keras's pooling counts the zeros of explicit padding; count_padding is false")
        return super().make(arguments)


class MaxPooling(Counterpart):
    """Explicit padding with less than anything, in front."""

    def make(self, arguments: dict[str, Any]) -> Any:
        """The layer."""
        padding = arguments["padding"] if isinstance(arguments["padding"], str) else "valid"
        return super().make({**arguments, "padding": padding})

    def call(self, given: Given) -> Any:
        """One tensor."""
        (tensor,) = given.tensors
        sides = self.spec.padding
        if not isinstance(sides, str):
            tensor = keras.ops.pad(tensor, ((0, 0), *sides, (0, 0)), constant_values=-float("inf"))
        return self.made(tensor, **given.options)
