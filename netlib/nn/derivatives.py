"""Derivatives of a network's outputs by its outputs and inputs, computed beside them: what losses with `gradient(y, x)` read."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import tensorflow as tf

from netlib.nn.network import Network
from netlib.nn.running import Tensors, tapped, widened
from netlib.spec.computed import Derivative, Read
from netlib.spec.errors import UsageError
from netlib.spec.graph import Ref


def differentiated(
    model: Network, inputs: Tensors, wanted: Collection[Derivative] = (), *, training: Any = False
) -> Tensors:
    """Every output by name, as `Network.forward`, and by their keys the derivatives that are wanted, each of the shape of that by
    which it is taken. They are themselves recorded by a tape around, so that a gradient can go through them.

    Raises:
        UsageError: an output does not depend on what it is to be differentiated by.
    """
    if not wanted:
        return model.forward(inputs, training=training)
    places = {_ref(model, each.by) for each in wanted}
    values: dict[Ref, tf.Tensor] = {}

    def tap(ref: Ref, value: tf.Tensor) -> tf.Tensor:
        if ref not in places:
            return value
        values[ref] = tf.identity(value)  # what passes on, and nothing else that is the same tensor
        tape.watch(values[ref])
        return values[ref]

    with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape, tapped(model.graph, tap):
        outputs = model.forward(inputs, training=training)
    found = {each.key: _derivative(tape, outputs[each.of.name], values[_ref(model, each.by)], each) for each in wanted}
    return {**outputs, **found}


def _ref(model: Network, read: Read) -> Ref:
    return model.graph.outputs[read.name] if read.side == "output" else Ref(None, read.name)


def _derivative(tape: tf.GradientTape, of: tf.Tensor, by: tf.Tensor, wanted: Derivative) -> tf.Tensor:
    found = tape.gradient(of, by)
    if found is None:
        raise UsageError(
            f"'{wanted.text}' in a loss or a metric is not known: output '{wanted.of.name}' does not depend on {wanted.by.side}"
            f" '{wanted.by.name}' by anything that has a derivative"
        )
    return widened(tf.convert_to_tensor(found))
