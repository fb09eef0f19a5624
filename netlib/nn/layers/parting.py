"""`Split`: a layer that makes several tensors of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.spec.layers import parting as spec


class Split(Layer[spec.Split]):
    """Its input cut into parts.

    >>> from netlib import nn
    >>> parts = nn.Split([1, -1])(tf.constant([[1.0, 2.0, 3.0]]))
    >>> parts["0"].numpy(), parts["1"].numpy()
    (array([[1.]], dtype=float32), array([[2., 3.]], dtype=float32))
    """

    def call(self, inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """The parts by port: `0`, `1`, ..."""
        return self._cut(inputs, self.spec.axis)

    def compute_mask(self, *inputs: tf.Tensor, mask: Any = None) -> Any:
        """That of the first part."""
        return self.masks_by_port(inputs, {"0": None}, mask).get("0")

    def masks_by_port(self, inputs: Sequence[Any], outputs: Mapping[str, Any], mask: Any) -> dict[str, Any]:
        """Cut as the input is along the axis after the batch; along a later one the whole mask for each part."""
        if mask is None:
            return {}
        cut = self._cut(mask, 1) if self.spec.axis % inputs[0].shape.rank == 1 else {}
        return {port: cut.get(port, mask) for port in outputs}

    def _cut(self, values: tf.Tensor, axis: int) -> dict[str, tf.Tensor]:
        parts = self.spec.parts
        made = tf.split(values, parts if isinstance(parts, int) else list(parts), axis)
        return {str(place): part for place, part in enumerate(made)}
