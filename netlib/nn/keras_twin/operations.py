"""Counterparts that are Keras's operations, and layers written by hand where a weight is among what they compute with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any

import keras
from keras import ops

from netlib.nn.keras_twin import written
from netlib.nn.keras_twin.counterpart import Counterpart, Given, Pair
from netlib.nn.keras_twin.expressions import computed
from netlib.nn.keras_twin.stored import Stored


class Operation(Counterpart):
    """Base of those without a layer."""

    is_operation = True

    def make(self, arguments: dict[str, Any]) -> Any:
        """Nothing."""
        return None


class Flip(Operation):
    """The values in the opposite order."""

    def call(self, given: Given) -> Any:
        """One tensor."""
        return ops.flip(given.tensors[0], axis=self.spec.axis)


class Stack(Operation):
    """The inputs side by side along a new axis."""

    def call(self, given: Given) -> Any:
        """One tensor."""
        return ops.stack(given.tensors, axis=self.spec.axis)


class StopGradient(Operation):
    """The input, through which no gradient goes back."""

    def call(self, given: Given) -> Any:
        """One tensor."""
        return ops.stop_gradient(given.tensors[0])


class Split(Operation):
    """The parts."""

    def call(self, given: Given) -> Any:
        """A tensor for each."""
        spec = self.spec
        (tensor,) = given.tensors
        if isinstance(spec.parts, int):
            return ops.split(tensor, spec.parts, axis=spec.axis)
        return ops.split(tensor, list(accumulate(spec.lengths(tuple(tensor.shape))))[:-1], axis=spec.axis)


class Compute(Operation):
    """Operations; a layer where something stored is among what the expression reads."""

    def call(self, given: Given) -> Any:
        """A tensor for each result."""
        spec = self.spec
        values = dict(zip(spec.names, given.tensors, strict=True))
        stored = {name: value for name, value in values.items() if isinstance(value, Stored)}
        others = {name: value for name, value in values.items() if name not in stored}
        if not stored:
            return computed(spec.parsed, self._cast(others), self._compute_dtype)
        if self.made is None:
            self.made = Expression(spec.parsed, tuple(others), stored, **self.place.options)
        return self.made(list(others.values()), **given.options)

    def weights(self) -> Iterator[Pair]:
        """None of its own: what is stored has them."""
        return iter(())

    @property
    def _compute_dtype(self) -> str:
        return str(keras.DTypePolicy(self.place.dtype).compute_dtype)

    def _cast(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Floating-point numbers in the dtype in which it computes."""
        return {name: _as(value, self._compute_dtype) for name, value in values.items()}


class Expression(keras.layers.Layer):
    """What an expression gives of what the layer reads and of weights of its own."""

    def __init__(self, expression: Any, names: tuple[str, ...], stored: Mapping[str, Stored], **options: Any) -> None:
        super().__init__(**options)
        self.expression = expression
        self.names = names
        self.held = {name: value.as_weight(self) for name, value in stored.items()}

    def call(self, inputs: list[Any]) -> Any:
        """A tensor, or one for each result."""
        weights = {name: ops.convert_to_tensor(weight) for name, weight in self.held.items()}
        values = {**dict(zip(self.names, inputs, strict=True)), **weights}
        cast = {name: _as(value, self.compute_dtype) for name, value in values.items()}
        results = computed(self.expression, cast, self.compute_dtype)
        return results if len(results) > 1 else results[0]


class PositionalEmbedding(Counterpart):
    """A layer written by hand."""

    def make(self, arguments: dict[str, Any]) -> Any:
        """The layer."""
        spec = self.spec
        if spec.encoding == "sinusoidal":
            return written.SinusoidalEncoding(spec.max_length, **self.place.options)
        table = {name: arguments[f"embeddings_{name}"] for name in ("initializer", "regularizer", "constraint")}
        return written.PositionEmbedding(spec.max_length, table, **self.place.options)


class LayerScale(Counterpart):
    """A layer written by hand."""

    def make(self, arguments: dict[str, Any]) -> Any:
        """The layer."""
        limits = (arguments["gamma_regularizer"], arguments["gamma_constraint"])
        return written.Scale(*limits, **self.place.options)


def _as(value: Any, dtype: str) -> Any:
    floating = "float" in str(keras.backend.standardize_dtype(value.dtype))
    return ops.cast(value, dtype) if floating and keras.backend.standardize_dtype(value.dtype) != dtype else value
