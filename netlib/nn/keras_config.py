"""A module as plain values in the file of a Keras model, and back. Only what is registered is rebuilt: a file has no code."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from netlib import nn
from netlib.nn.foreign import Foreign
from netlib.nn.layer import Layer
from netlib.nn.topology import BASES
from netlib.nn.tree import Tree
from netlib.spec.errors import NetlabError, UsageError, did_you_mean
from netlib.spec.registry import TABLES


def module_config(module: tf.Module) -> dict[str, Any]:
    """What `module_from_config` rebuilds a module from.

    Raises:
        UsageError: it cannot be rebuilt; the message says what to do.
    """
    name = _catalogue_name(module)
    if name is not None:
        return {"netlab": name, "config": _own_config(module), "layers": _users_classes(module)}
    if not hasattr(module, "get_config"):
        raise UsageError(f"{_cannot(module)}; {_REMEDY}")
    return {"registered": _registered(type(module), module), "config": _own_config(module)}


def _users_classes(network: Any) -> dict[str, str]:
    """The classes of the layers inside that are not netlab's own, by their bare names: under which name Keras knows them."""
    layers = [entry.value for entry in Tree(network).modules if isinstance(entry.value, Layer)]
    kinds = {type(each.target if isinstance(each, Foreign) else each) for each in layers}
    others = [kind for kind in kinds if not kind.__module__.startswith("netlib.")]
    return {kind.__name__: _registered(kind, network) for kind in sorted(others, key=lambda kind: kind.__name__)}


def _registered(kind: type, module: tf.Module) -> str:
    if getattr(keras.layers, kind.__name__, None) is kind:
        return f"{_KERAS}{kind.__name__}"
    name = str(keras.saving.get_registered_name(kind))
    if keras.saving.get_registered_object(name) is not kind:
        raise UsageError(f"{_cannot(module)} (Keras does not know the class {kind.__name__}); {_REMEDY}")
    return name


_KERAS = "keras.layers."
_REMEDY = (
    "save the weights with save_weights('x.weights.h5'), make the model anew in code and call load_weights; or give the class"
    " get_config and from_config, and register it with keras.saving.register_keras_serializable"
)


def _cannot(module: tf.Module) -> str:
    return f"Keras cannot save {module.name}: a {type(module).__name__} cannot be rebuilt from a config"


def _own_config(module: Any) -> dict[str, Any]:
    try:
        config: dict[str, Any] = module.get_config()
    except (NetlabError, NotImplementedError) as error:
        raise UsageError(f"{_cannot(module)} ({error}); {_REMEDY}") from error
    return config


def _catalogue_name(module: tf.Module) -> str | None:
    """The name in `netlib.nn` of what a module is; a class that somebody derived from it is another one."""
    for kind in type(module).__mro__:
        if kind.__name__ in (*TABLES["layer"], *BASES) and getattr(nn, kind.__name__) is kind:
            return str(kind.__name__)
        if not kind.__module__.startswith("netlib."):
            return None
    return None


def module_from_config(config: Mapping[str, Any]) -> tf.Module:
    """The module that `module_config` described, with fresh weights.

    Raises:
        UsageError: its class is not known here.
    """
    if "registered" in config:
        return _made(_known(config["registered"]), config["config"])
    name = config["netlab"]
    if name not in (*TABLES["layer"], *BASES):
        raise UsageError(f"the file has a module '{name}', which netlab has not{did_you_mean(name, TABLES['layer'])}")
    kind = getattr(nn, name)
    if "layers" not in inspect.signature(kind.from_config).parameters:
        return _made(kind, config["config"])
    return _made(kind, config["config"], layers={short: _known(long) for short, long in config["layers"].items()})


def _made(kind: Any, config: Mapping[str, Any], **options: Any) -> tf.Module:
    module: tf.Module = kind.from_config(config, **options)
    return module


def _known(name: str) -> Any:
    own = getattr(keras.layers, name.removeprefix(_KERAS), None) if name.startswith(_KERAS) else None
    kind = own or keras.saving.get_registered_object(name)
    if kind is None:
        raise UsageError(
            f"the file has a module '{name}', which is not known here; import the file that defines it, and registers it with"
            f" keras.saving.register_keras_serializable, before loading"
        )
    return kind
