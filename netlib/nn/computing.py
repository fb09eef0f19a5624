"""Layers that compute an expression: Compute, AddLoss and AddMetric; and StopGradient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.nn.symbolic import Static
from netlib.nn.tensor_expressions import compute
from netlib.spec import computing as spec
from netlib.spec.precision import at_least_float32
from netlib.spec.tensor_expressions import TensorExpression
from netlib.spec.tensors import TensorSpec


class _Expression(Layer[Any]):
    """Base of what computes an expression of its inputs, with floating-point ones in the compute dtype."""

    def described_inputs(self, tensors: Sequence[Any]) -> list[TensorSpec]:
        """With every length that is known: an expression sees the batch axis, and may read what has none."""
        if self.built:
            return super().described_inputs(tensors)
        return [TensorSpec(tuple(tensor.shape), tensor.dtype.name) for tensor in tensors]

    def static(self, *tensors: TensorSpec) -> Static:
        """What is known of it for such inputs before it runs.

        Raises:
            SpecError: it cannot be computed of these inputs.
        """
        inferred = self.spec.inferred(*tensors, compute=self.compute_dtype)
        outputs = self.spec.outputs(*tensors, compute=self.compute_dtype)
        names = self._input_names(len(tensors))
        return Static(names, outputs, self.spec, None, (), inferred.macs, inferred.couples_rows or not self.spec.ports)

    def results(self, inputs: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """What the expression gives."""
        cast = [self.cast(tensor) if tensor.dtype.is_floating else tensor for tensor in inputs]
        expression: TensorExpression = self.spec.parsed
        values = dict(zip(self.spec.names, cast, strict=True))
        found: list[tf.Tensor] = compute(expression, values, self.compute_dtype)
        return found


class Compute(_Expression, Layer[spec.Compute]):
    """What an expression gives.

    >>> from netlib import nn
    >>> squared = nn.Compute("sum(a * b, axis=-1)", names=["a", "b"])
    >>> squared(tf.ones([2, 3]), 2 * tf.ones([3])).numpy()
    array([6., 6.], dtype=float32)
    """

    def call(self, *inputs: tf.Tensor) -> Any:
        """The only result, or all by port: `0`, `1`, ..."""
        results = self.results(inputs)
        if any(tensor.shape.rank and tensor.shape[0] is None for tensor in inputs):
            self._tell_shapes(inputs, results)
        return results[0] if len(results) == 1 else {str(place): each for place, each in enumerate(results)}

    def _tell_shapes(self, inputs: Sequence[tf.Tensor], results: Sequence[tf.Tensor]) -> None:
        """Tells the graph the lengths that are known of the results: TensorFlow loses some behind an unknown batch."""
        tensors = [TensorSpec(tuple(tensor.shape), tensor.dtype.name) for tensor in inputs]
        known = self.spec.outputs(*tensors, compute=self.compute_dtype).values()
        for result, tensor in zip(results, known, strict=True):
            result.set_shape(tensor.shape)

    def compute_mask(self, *inputs: tf.Tensor, mask: Any = None) -> Any:
        """The mask of the only input that has one, where the first result keeps its two leading axes; else None."""
        tensors = [TensorSpec(tuple(tensor.shape), tensor.dtype.name) for tensor in inputs]
        given = self.spec.outputs(*tensors, compute=self.compute_dtype)
        return self.masks_by_port(inputs, given, mask).get(next(iter(given)))

    def masks_by_port(self, inputs: Sequence[Any], outputs: Mapping[str, Any], mask: Any) -> dict[str, Any]:
        """The mask of the only input that has one, for each result that keeps its two leading axes."""
        masks = mask if isinstance(mask, tuple) else (mask, *[None] * (len(inputs) - 1))
        masked = [(tensor, each) for tensor, each in zip(inputs, masks, strict=True) if each is not None]
        if len(masked) != 1:
            return {}
        ((tensor, known),) = masked
        leading = tuple(tensor.shape)[:2]
        return {port: known for port, output in outputs.items() if tuple(output.shape)[:2] == leading}


class _Added(_Expression):
    """Base of what is added besides the outputs, which is computed at least in float32."""

    @property
    def compute_dtype(self) -> str:
        """Never fewer bits than float32."""
        return at_least_float32(super().compute_dtype)


class AddLoss(_Added, Layer[spec.AddLoss]):
    """Adds a term to the loss; gives nothing.

    >>> from netlib import nn
    >>> penalty = nn.AddLoss("mean(square(x))")
    >>> penalty(2 * tf.ones([2, 3])), [float(term) for term in penalty.losses]
    ({}, [4.0])
    """

    def call(self, *inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """No outputs."""
        (value,) = self.results(inputs)
        self.add_loss(value)
        return {}


class AddMetric(_Added, Layer[spec.AddMetric]):
    """Logs the mean of a value under the layer's name; gives nothing.

    >>> from netlib import nn
    >>> size = nn.AddMetric("abs(x)", name="size")
    >>> size(-2 * tf.ones([2, 3])), {name: float(value) for name, value in size.added_metrics.items()}
    ({}, {'size': 2.0})
    """

    def call(self, *inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """No outputs."""
        (value,) = self.results(inputs)
        self.add_metric(value, self.name)
        return {}


class StopGradient(Layer[spec.StopGradient]):
    """Gives its input as it is; no gradient goes back through it.

    >>> from netlib import nn
    >>> x = tf.constant([3.0])
    >>> with tf.GradientTape() as tape:
    ...     tape.watch(x)
    ...     y = x * nn.StopGradient()(x)
    >>> tape.gradient(y, x).numpy()
    array([3.], dtype=float32)
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """The input."""
        return tf.stop_gradient(inputs)
