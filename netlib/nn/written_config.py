"""A network whose class defines `call` as plain values, and back: the parameters of its constructor, and what it reads."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from netlib.nn.tree import Entry, Tree
from netlib.spec.precision import policy
from netlib.spec.tensors import TensorSpec

_OWN_KEYS = ("inputs", "frozen", "path")
_OF_EVERY_LAYER = ("name", "trainable", "dtype", "seed")


def describe_written(network: Any) -> dict[str, Any]:
    """What a built one reads, and what of it is not trained; nothing of one that is not built."""
    if not network.built:
        return {}
    inputs = network.graph.inputs.items()
    return {
        "inputs": {name: {"shape": list(tensor.shape[1:]), "dtype": tensor.dtype} for name, tensor in inputs},
        "frozen": [entry.path for entry in Tree(network).variables if _is_frozen(entry)],
    }


def rebuild_written(kind: Any, config: Mapping[str, Any]) -> Any:
    """The network of that class; built, if the one that was described was."""
    network = kind(**_constructor_arguments(kind, config))
    if "path" in config:
        network.place(config["path"], config.get("seed"), policy(config["dtype"]) if "dtype" in config else None)
    if "inputs" in config:
        network.name_inputs(config["inputs"])
        inputs = config["inputs"].values()
        network.ensure_built(*(TensorSpec((None, *each["shape"]), each["dtype"]) for each in inputs))
        if config["frozen"]:
            network.freeze(config["frozen"])
    return network


def _is_frozen(entry: Entry) -> bool:
    """Also a statistic of what is frozen, which is not to move either."""
    around_is_frozen = entry.owner is not None and not entry.owner.trainable
    return around_is_frozen or (entry.value.trainable and not entry.trainable)


def _constructor_arguments(kind: Any, config: Mapping[str, Any]) -> dict[str, Any]:
    """Without those of every layer that this constructor does not take: it gives them itself, or leaves the defaults."""
    parameters = inspect.signature(kind).parameters.values()
    takes_any = any(each.kind is each.VAR_KEYWORD for each in parameters)
    taken = {each.name for each in parameters}
    given = {name: value for name, value in config.items() if name not in _OWN_KEYS and (name, value) != ("seed", None)}
    return {name: value for name, value in given.items() if takes_any or name in taken or name not in _OF_EVERY_LAYER}
