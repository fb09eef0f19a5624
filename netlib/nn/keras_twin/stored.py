"""`Stored`: what a Variable, Variables or a Constant gives. Keras has weights in layers alone: the one that reads it has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from netlib.nn.keras_objects import make
from netlib.nn.keras_twin.obstacles import NoCounterpart
from netlib.spec.layer import Weight


@dataclass(eq=False)
class Stored:
    """One of our variables, and the weight that stands for it once a layer has it."""

    path: str
    weight: Weight
    variable: tf.Variable
    owner: Any = None
    made: Any = None

    def as_weight(self, layer: Any) -> Any:
        """A weight of Keras's layer.

        Raises:
            NoCounterpart: it is another layer's already.
        """
        if self.owner is not None:
            raise NoCounterpart(f"'{self.path}' is read by several nodes: in Keras a weight is one layer's")
        limits = {name: getattr(self.weight, name) for name in ("regularizer", "constraint")}
        self.owner = layer
        self.made = layer.add_weight(
            shape=tuple(self.variable.shape),
            initializer="zeros",
            dtype=self.variable.dtype.name,
            trainable=self.weight.trainable,
            name=self.path.rpartition(".")[2],
            **{name: None if spec is None else make(spec) for name, spec in limits.items()},
        )
        return self.made
