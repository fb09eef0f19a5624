"""What layers log by `add_metric`: which names there are, found before the loop is compiled, and their values."""

from __future__ import annotations

from collections.abc import Collection

import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.nn.network import Network
from netlib.spec.errors import UsageError


def added_names(model: Network, *, training: bool, taken: Collection[str]) -> tuple[str, ...]:
    """The names of the metrics that the model's layers add, by a run without values; nothing runs where no layer could add one.

    Raises:
        UsageError: one has the name of a loss or metric that is logged already.
    """
    if not any(_may_add(module) for _, module in model.named_modules()):
        return ()
    names: tuple[str, ...] = ()

    def run(inputs: dict[str, tf.Tensor]) -> None:
        nonlocal names
        model.forward(inputs, training=training)
        names = tuple(model.added_metrics)

    signature = {name: tf.TensorSpec(spec.shape, spec.dtype) for name, spec in model.graph.inputs.items()}
    tf.function(run, autograph=False).get_concrete_function(signature)
    for name in names:
        if name in taken:
            raise UsageError(f"a layer adds a metric '{name}', which is logged already; give it another name")
    return names


def added_values(model: Network, names: Collection[str]) -> tf.Tensor:
    """The value of each of the names in the last forward pass, float32 [names]."""
    values = model.added_metrics
    return tf.stack([values[name] for name in names]) if names else tf.zeros([0])


def _may_add(module: object) -> bool:
    """A layer that is not netlab's own."""
    return isinstance(module, Layer) and not type(module).__module__.startswith("netlib.")
