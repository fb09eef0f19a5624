"""A batch in the loop: tensors by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from netlib.spec.computed import beside

Batch = Mapping[str, Any]
"""`inputs` and `targets` by name, and `weights` ([rows], or None); where samples are mixed, also `mixed`."""


def targets_of(batch: Batch) -> dict[str, tf.Tensor]:
    """What a loss or a metric may name as its target: the targets, and the inputs (of an autoencoder)."""
    return beside(batch["inputs"], batch["targets"])


def map_batch(function: Callable[[tf.Tensor], tf.Tensor], batch: Batch) -> Batch:
    """The batch with every tensor replaced; weights that are None stay None."""
    return tf.nest.map_structure(lambda tensor: None if tensor is None else function(tensor), batch)  # type: ignore[no-any-return]


def row_slice(array: tf.Tensor, start: Any, length: int) -> tuple[list[Any], list[int]]:
    """What `tf.slice` takes to give so many rows."""
    axes = array.shape.rank - 1
    return [start, *[0] * axes], [length, *[-1] * axes]
