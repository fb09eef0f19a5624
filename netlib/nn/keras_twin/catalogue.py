"""Which counterpart a layer of the catalogue has, and of those that have none the reason."""

from __future__ import annotations

from typing import Any

from netlib.nn.foreign import Foreign
from netlib.nn.keras_layers import KerasLayer
from netlib.nn.keras_twin import operations, sequences, windows
from netlib.nn.keras_twin.counterpart import (
    AsEinsumDense,
    AsInstanceNormalization,
    AsStochasticDepth,
    Counterpart,
    Place,
    Rebuilt,
    Sided,
    Together,
)
from netlib.nn.keras_twin.obstacles import NoCounterpart
from netlib.nn.layers.plugin import PluginLayer

_AXES = ("1D", "2D", "3D")
COUNTERPARTS: dict[str, type[Counterpart]] = {
    **dict.fromkeys(("Cropping1D", "ZeroPadding1D", "UpSampling1D"), Sided),
    **{
        f"{kind}{axes}": windows.PaddedWithZeros
        for kind in ("Conv", "DepthwiseConv", "SeparableConv")
        for axes in _AXES
    },
    **{f"MaxPooling{axes}": windows.MaxPooling for axes in _AXES},
    **{f"AveragePooling{axes}": windows.AveragePooling for axes in _AXES},
    **dict.fromkeys(("SimpleRNN", "LSTM", "GRU", "ConvLSTM2D"), sequences.Recurrent),
    **dict.fromkeys(("Attention", "AdditiveAttention"), sequences.Attending),
    "MultiHeadAttention": sequences.AttendingInHeads,
    "GroupedQueryAttention": sequences.GroupedQueryAttention,
    **dict.fromkeys(("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot"), Together),
    "EinsumDense": AsEinsumDense,
    "InstanceNormalization": AsInstanceNormalization,
    "StochasticDepth": AsStochasticDepth,
    "PositionalEmbedding": operations.PositionalEmbedding,
    "LayerScale": operations.LayerScale,
    "Flip": operations.Flip,
    "Stack": operations.Stack,
    "Split": operations.Split,
    "StopGradient": operations.StopGradient,
    "Compute": operations.Compute,
}
"""Those that are more than Keras's layer of the same name."""

NONE: dict[str, str] = {
    "AddLoss": "in Keras a layer adds a loss by code of its own",
    "AddMetric": "in Keras a layer adds a metric by code of its own",
    "Random": "in Keras numbers are drawn by code of a layer's own",
    "RotaryEmbedding": "Keras has no layer that turns features by their places",
    "RandomCrop": "Keras's RandomCrop leaves images alone outside of training, where this one resizes them",
}
"""Layers without one, and the reason."""


MASKS_OTHERWISE = frozenset(
    (
        *("EinsumDense", "Softmax", "ZeroPadding1D", "Cropping1D", "UpSampling1D", "ConvLSTM2D", "Bidirectional"),
        *("GroupNormalization", "InstanceNormalization", "RMSNormalization"),
    )
)
"""Layers whose counterparts lose a mask, cannot take it, or count the places that it leaves out where ours do not."""


def counterpart(layer: Any, place: Place) -> Counterpart:
    """What Keras has in place of a layer of ours.

    Raises:
        NoCounterpart: nothing; or not with these parameters.
    """
    if isinstance(layer, KerasLayer):
        return Rebuilt(layer, layer.keras_spec, place)
    if isinstance(layer, Foreign | PluginLayer) or layer.spec_type is None:
        raise NoCounterpart("it is written in Python, and none of the catalogue's layers")
    name = layer.spec.type_name()
    if name in NONE:
        raise NoCounterpart(NONE[name])
    return COUNTERPARTS.get(name, Counterpart)(layer, layer.spec, place)
