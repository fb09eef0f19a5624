"""`Bidirectional`: a recurrent layer that goes through a sequence forwards, and another that goes backwards."""

from __future__ import annotations

from typing import Any

from netlib.nn.composed import Composed
from netlib.nn.layer import Layer
from netlib.spec.layers import bidirectional as spec


class Bidirectional(Composed):
    """Two recurrent layers over one sequence, the second of which goes through it from its end; their outputs are joined.

    Args:
        layer: the layer, as in a config or itself, which is then taken as an example: two others like it are made.
        parameters: `merge_mode`, `backward_layer`, and those of every layer.

    >>> from netlib import nn
    >>> nn.Bidirectional(nn.LSTM(4))(tf.ones([2, 5, 3]))["output"].shape
    TensorShape([2, 8])
    """

    composition = spec.Bidirectional

    def __init__(self, layer: Any = None, **parameters: Any) -> None:
        given = {"layer": layer, **parameters} if layer is not None else parameters
        if isinstance(layer, spec.Bidirectional):
            super().__init__(layer, **parameters)
        else:
            super().__init__(**{name: _as_written(value) for name, value in given.items()})


def _as_written(value: Any) -> Any:
    """What a config writes for a layer."""
    return value.spec if isinstance(value, Layer) and value.spec is not None else value
