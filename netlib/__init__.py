"""Neural networks written down in YAML, trained on TensorFlow.

Importing `netlib` imports nothing else: each of its names is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netlib import nn as nn
    from netlib.config.load import load as load_config
    from netlib.spec.layers.plugin import layer as layer
    from netlib.spec.plugins.terms import loss as loss
    from netlib.spec.plugins.terms import metric as metric
    from netlib.spec.plugins.weights import weight as weight
    from netlib.spec.sources.plugin import source as source
    from netlib.tasks.build import build as build
    from netlib.tasks.run import Run as Run
    from netlib.tasks.run import open_run as open_run
    from netlib.tasks.train import train as train
    from netlib.training import callbacks as callbacks
    from netlib.training.model import Model as Model

__all__ = [
    "Model",
    "Run",
    "build",
    "callbacks",
    "layer",
    "load_config",
    "loss",
    "metric",
    "nn",
    "open_run",
    "source",
    "train",
    "weight",
]

_HOMES = {
    "Model": ("netlib.training.model", "Model"),
    "Run": ("netlib.tasks.run", "Run"),
    "build": ("netlib.tasks.build", "build"),
    "callbacks": ("netlib.training.callbacks", None),
    "layer": ("netlib.spec.layers.plugin", "layer"),
    "load_config": ("netlib.config.load", "load"),
    "loss": ("netlib.spec.plugins.terms", "loss"),
    "metric": ("netlib.spec.plugins.terms", "metric"),
    "nn": ("netlib.nn", None),
    "open_run": ("netlib.tasks.run", "open_run"),
    "source": ("netlib.spec.sources.plugin", "source"),
    "train": ("netlib.tasks.train", "train"),
    "weight": ("netlib.spec.plugins.weights", "weight"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'netlib' has no attribute '{name}'; it has {', '.join(__all__)}")
    module, attribute = _HOMES[name]
    found = import_module(module)
    value = found if attribute is None else getattr(found, attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
