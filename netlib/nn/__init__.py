"""What a network computes: Module, Layer, Network, Sequential, and one class for each layer spec. Needs TensorFlow.

`nn.Dense` and the others are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from netlib.spec.registry import TABLES

if TYPE_CHECKING:
    from netlib.nn.foreign import Foreign as Foreign
    from netlib.nn.keras_layers import KerasLayer as KerasLayer
    from netlib.nn.keras_model import as_keras as as_keras
    from netlib.nn.layer import Layer as Layer
    from netlib.nn.layers.plugin import PluginLayer as PluginLayer
    from netlib.nn.module import Module as Module
    from netlib.nn.network import Network as Network
    from netlib.nn.rnn import RNN as RNN
    from netlib.nn.sequential import Sequential as Sequential
    from netlib.nn.symbolic import Input as Input
    from netlib.nn.torch_weights import from_torch as from_torch
    from netlib.nn.torch_weights import to_torch as to_torch
    from netlib.nn.weight_normalization import SpectralNormalization as SpectralNormalization
    from netlib.nn.weight_normalization import WeightNormalization as WeightNormalization
    from netlib.nn.wrappers import TimeDistributed as TimeDistributed
    from netlib.nn.wrappers import While as While

_BASES = {
    "Module": "module",
    "Layer": "layer",
    "Network": "network",
    "Sequential": "sequential",
    "Foreign": "foreign",
    "KerasLayer": "keras_layers",
    "PluginLayer": "layers.plugin",
    "TimeDistributed": "wrappers",
    "While": "wrappers",
    "RNN": "rnn",
    "SpectralNormalization": "weight_normalization",
    "WeightNormalization": "weight_normalization",
    "Input": "symbolic",
}

_INTEROP = {"as_keras": "keras_model", "from_torch": "torch_weights", "to_torch": "torch_weights"}


def __getattr__(name: str) -> Any:
    if name in _BASES or name in _INTEROP:
        return getattr(import_module(f"{__name__}.{_BASES.get(name) or _INTEROP[name]}"), name)
    if name in TABLES["layer"]:
        return getattr(import_module(TABLES["layer"][name].replace("netlib.spec.", f"{__name__}.")), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'; it has {', '.join(_names())}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_names()})


def _names() -> list[str]:
    return [*_BASES, *_INTEROP, *TABLES["layer"]]
