"""What layers add to the loss and to the log while they run: found before the loop is compiled, and the values of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import keras
import tensorflow as tf

from netlib.nn.foreign import Foreign
from netlib.nn.layer import Layer
from netlib.nn.network import Network
from netlib.spec.errors import UsageError


@dataclass(frozen=True)
class Added:
    """The names of the metrics that layers add, and whether they add losses."""

    names: tuple[str, ...] = ()
    losses: bool = False

    def __bool__(self) -> bool:
        """Whether anything is added."""
        return bool(self.names) or self.losses

    def values(self, model: Network) -> tf.Tensor:
        """The value of each of the names in the last forward pass, float32 [names]."""
        found = model.added_metrics
        return tf.stack([found[name] for name in self.names]) if self.names else tf.zeros([0])


def added_by(model: Network, *, training: bool, taken: Collection[str]) -> Added:
    """What the model's layers add, by a run without values; nothing runs where no layer could add anything.

    Raises:
        UsageError: a metric has the name of a loss or metric that is logged already.
    """
    if not any(_may_add(module) for _, module in model.named_modules()):
        return Added()
    found = Added()

    def run(inputs: dict[str, tf.Tensor]) -> None:
        nonlocal found
        model.forward(inputs, training=training)
        found = Added(tuple(model.added_metrics), bool(model.added_losses))

    signature = {name: tf.TensorSpec(spec.shape, spec.dtype) for name, spec in model.graph.inputs.items()}
    tf.function(run, autograph=False).get_concrete_function(signature)
    for name in found.names:
        if name in taken:
            raise UsageError(f"a layer adds a metric '{name}', which is logged already; give it another name")
    return found


def _may_add(module: object) -> bool:
    """A layer that is not netlab's own, one of those that have no output (what they compute is added), or one that says so."""
    if isinstance(module, keras.layers.Layer | Foreign):
        return True
    ours = type(module).__module__.startswith("netlib.")
    spec = module.spec if isinstance(module, Layer) else None
    return isinstance(module, Layer) and (not ours or (spec is not None and (spec.adds_loss or not spec.ports)))
